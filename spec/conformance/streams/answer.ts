import type { Answer, Scenario } from './scenario.ts'
import { TOPOLOGIES } from './topologies/index.ts'

export interface AnswerOptions {
  readonly store: 'memory' | 'disk'
  /** For `disk`: an empty folder, which stays the caller's to remove. */
  readonly directory?: string | undefined
  /** Through a worker on a real broker instead of the test driver. */
  readonly broker?: 'kafka' | undefined
}

/** Runs a scenario's inputs through its topology, one at a time, each worked off before the next. */
export async function answer(scenario: Scenario, _options: AnswerOptions): Promise<Answer> {
  const build = Object.hasOwn(TOPOLOGIES, scenario.topology) ? TOPOLOGIES[scenario.topology] : undefined
  if (build === undefined) throw new Error(`no topology is built for the id '${scenario.topology}'`)
  build(scenario.params)
  throw new Error('the test driver is not connected yet')
}
