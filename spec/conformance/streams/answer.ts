import type { OpenStore } from '../../../lib/state/task-state.ts'
import { type OutputRecord, type TestDriver, testDriver } from '../../../lib/testing/index.ts'
import type { StoreSpec } from '../../../lib/topology/store.ts'
import { headersOf, scenarioHeaders } from './record-bytes.ts'
import type { Answer, Json, Key, Output, Scenario, StoreRow } from './scenario.ts'
import { storeNames } from './store-names.ts'
import { TOPOLOGIES } from './topologies/index.ts'

export interface AnswerOptions {
  readonly store: 'memory' | 'disk'
  /** For `disk`: an empty folder, which stays the caller's to remove. */
  readonly directory?: string | undefined
  /** Through a worker on a real broker instead of the test driver. */
  readonly broker?: 'kafka' | undefined
}

/** Runs a scenario's inputs through its topology, one at a time, each worked off before the next. */
export async function answer(scenario: Scenario, { store, directory }: AnswerOptions): Promise<Answer> {
  const build = Object.hasOwn(TOPOLOGIES, scenario.topology) ? TOPOLOGIES[scenario.topology] : undefined
  if (build === undefined) throw new Error(`no topology is built for the id '${scenario.topology}'`)
  const stores = store === 'disk' ? { dir: directory! } : 'memory'
  // The scenarios' times are far ahead of a wall clock that begins at 0.
  const driver = await testDriver(build(scenario.params), {
    stores,
    futureTolerance: Number.POSITIVE_INFINITY,
  })
  try {
    const outputs: Output[] = []
    for (const [after, input] of scenario.inputs.entries()) {
      if ('advanceWallClockMs' in input) await driver.advanceWallClock(input.advanceWallClockMs)
      else await driver.pipe(input.topic, { ...input, headers: headersOf(input.headers ?? {}) })
      for (const record of driver.read()) outputs.push(outputOf(after, record))
    }
    const names = storeNames(scenario.topology, scenario.params)
    return { outputs, stores: Object.fromEntries(names.map((name) => [name, rowsOf(driver, name)])) }
  } finally {
    await driver.close()
  }
}

export function outputOf(after: number, { topic, key, value, timestamp, headers }: OutputRecord): Output {
  const record = { after, topic, key: key as Key, value: value as Json, timestamp }
  return headers.length === 0 ? record : { ...record, headers: scenarioHeaders(headers) }
}

/** What a partition's store holds. */
export function rowsOf(driver: TestDriver, name: string, partition = 0): StoreRow[] {
  return storeRows(driver.store(name, partition))
}

export function storeRows(store: OpenStore<StoreSpec>): StoreRow[] {
  return [...store.all()].map(({ key, value, timestamp }) => {
    const row = { key: key as StoreRow['key'], value: value as Json }
    return timestamp === -1 ? row : { ...row, timestamp }
  })
}
