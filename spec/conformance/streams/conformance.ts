import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exitCode, messageOf } from '../../../lib/errors.ts'
import type { AcceptedQuirk } from './accepted-quirks.ts'
import type { AnswerOptions } from './answer.ts'
import { TOPOLOGY_IDS } from './comparators.ts'
import { judge } from './judge.ts'
import { faultOf, type Options, optionsOf } from './options.ts'
import { type Outcome, ofKind } from './outcome.ts'
import { readScenarios, type ScenarioFile } from './read-scenarios.ts'
import { exitCodeOf, summaryText, topologyText } from './report.ts'
import type { Answer, Scenario } from './scenario.ts'
import { refuseToOverwrite, writeAnswer } from './written-answers.ts'

/** What answers scenarios. */
export interface Engine {
  /** Whether it has the topology at all; and, asked for a broker, whether it runs there. */
  readonly knows: (topology: string) => boolean
  readonly runsOn: (broker: 'kafka', topology: string) => boolean
  readonly answer: (scenario: Scenario, options: AnswerOptions) => Promise<Answer>
}

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
  const { directories, only, write } = options
  const { files: all, unreadable } = await readScenarios(directories)
  const files = all.filter(({ scenario }) => only?.includes(scenario.topology) ?? true)
  if (write !== undefined) refuseToOverwrite(files, write)
  out(`${files.length} ${files.length === 1 ? 'file' : 'files'} read below ${directories.join(', ')}`)
  if (files.length === 0) error(`conformance: no scenario file below ${directories.join(', ')}`)
  const outcomes: Outcome[] = []
  const byTopology = [...Map.groupBy(files, ({ scenario }) => scenario.topology)]
  for (const [topology, group] of byTopology.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const found: Outcome[] = []
    for (const file of group) found.push(await outcomeOf(file, options, engine, accepted))
    const text = topologyText(topology, found)
    if (text !== undefined) out(text)
    outcomes.push(...found)
  }
  if (write !== undefined) out(writtenText(outcomes, write))
  out(summaryText({ outcomes, unreadable }))
  return exitCodeOf({ outcomes, unreadable })
}

async function outcomeOf(
  file: ScenarioFile,
  { store, broker, write }: Options,
  engine: Engine,
  accepted: readonly AcceptedQuirk[],
): Promise<Outcome> {
  const { scenario } = file
  if (!TOPOLOGY_IDS.includes(scenario.topology) || !engine.knows(scenario.topology)) {
    return { file, kind: 'unknown' }
  }
  if (broker !== undefined && !engine.runsOn(broker, scenario.topology)) {
    return { file, kind: 'not on the broker' }
  }
  await using directory = store === 'disk' ? await emptyDirectory() : undefined
  return await judge(
    file,
    () => engine.answer(scenario, { store, directory: directory?.path, broker }),
    { accepted, questions: write !== undefined },
    async (answer) => {
      if (write !== undefined) await writeAnswer(file, answer, write)
    },
  )
}

async function emptyDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'millrace-conformance-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

function writtenText(outcomes: readonly Outcome[], write: string): string {
  const uncompared = ofKind(outcomes, 'answered').length
  const compared = ofKind(outcomes, 'passed').length + ofKind(outcomes, 'quirk').length
  return `answers written below ${write}; ${uncompared} of their files had nothing to compare with, ${compared} of them passed`
}
