import { exitCode, messageOf } from '../../../lib/errors.ts'
import type { AcceptedQuirk } from './accepted-quirks.ts'
import type { Engine } from './engine.ts'
import { faultOf, type Options, optionsOf } from './options.ts'
import { type Outcome, ofKind } from './outcome.ts'
import { readScenarios } from './read-scenarios.ts'
import { exitCodeOf, summaryText, topologyText } from './report.ts'
import { runFile } from './run-file.ts'
import { WrittenAnswers } from './written-answers.ts'

export interface Terminal {
  readonly out: (line: string) => void
  readonly error: (line: string) => void
}

/** The command. Resolves with its exit code; never rejects. */
export async function conformance(
  argv: readonly string[],
  engine: Engine,
  accepted: readonly AcceptedQuirk[],
  terminal: Terminal,
): Promise<number> {
  const options = optionsOf(argv)
  if ('exitCode' in options) return options.exitCode
  try {
    const fault = faultOf(options)
    if (fault === undefined) return await run(options, engine, accepted, terminal)
    terminal.error(`conformance: ${fault}`)
    return 2
  } catch (error) {
    terminal.error(`conformance: ${messageOf(error)}`)
    return exitCode(error)
  }
}

async function run(
  options: Options,
  engine: Engine,
  accepted: readonly AcceptedQuirk[],
  { out, error }: Terminal,
): Promise<number> {
  const { directories, only, write, broker } = options
  if (broker !== undefined) engine.requireBroker(broker)
  const { files: all, unreadable } = await readScenarios(directories)
  const files = all.filter(({ scenario }) => only?.includes(scenario.topology) ?? true)
  const answers = write === undefined ? undefined : new WrittenAnswers(write, files)
  out(`${files.length} ${files.length === 1 ? 'file' : 'files'} read below ${directories.join(', ')}`)
  if (files.length === 0) error(`conformance: no scenario file below ${directories.join(', ')}`)
  const outcomes: Outcome[] = []
  const byTopology = [...Map.groupBy(files, ({ scenario }) => scenario.topology)]
  for (const [topology, group] of byTopology.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const found: Outcome[] = []
    for (const file of group) found.push(await runFile(file, { options, engine, accepted, answers }))
    const text = topologyText(topology, found)
    if (text !== undefined) out(text)
    outcomes.push(...found)
  }
  if (answers !== undefined) out(writtenText(answers, outcomes))
  out(summaryText({ outcomes, unreadable }))
  return exitCodeOf({ outcomes, unreadable })
}

function writtenText({ directory, count }: WrittenAnswers, outcomes: readonly Outcome[]): string {
  const questions = ofKind(outcomes, 'answered').length
  return `${count} answers written below ${directory}, ${questions} of them to questions without an answer to compare with`
}
