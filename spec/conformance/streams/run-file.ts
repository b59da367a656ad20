import type { AcceptedQuirk } from './accepted-quirks.ts'
import { TOPOLOGY_IDS } from './comparators.ts'
import { emptyDirectory } from './empty-directory.ts'
import type { Engine } from './engine.ts'
import { judge } from './judge.ts'
import type { Options } from './options.ts'
import type { Outcome } from './outcome.ts'
import type { ScenarioFile } from './read-scenarios.ts'
import type { WrittenAnswers } from './written-answers.ts'

interface Run {
  readonly options: Options
  readonly engine: Engine
  readonly accepted: readonly AcceptedQuirk[]
  /** Where answers are to be written, if they are. */
  readonly answers: WrittenAnswers | undefined
}

/** One file: answered, written, compared; or why it was not run. */
export async function runFile(file: ScenarioFile, run: Run): Promise<Outcome> {
  const { engine, accepted, answers } = run
  const { store, broker } = run.options
  const { scenario } = file
  if (!TOPOLOGY_IDS.includes(scenario.topology) || !engine.knows(scenario.topology)) {
    return { file, kind: 'unknown' }
  }
  if (broker !== undefined && !engine.runsOn(broker, scenario.topology)) {
    return { file, kind: 'not on the broker' }
  }
  await using directory = store === 'disk' ? await emptyDirectory() : undefined
  const ask = async () => {
    const answer = await engine.answer(scenario, { store, directory: directory?.path, broker })
    await answers?.write(file, answer)
    return answer
  }
  return await judge(file, ask, { accepted, questions: answers !== undefined })
}
