import {
  type OutputRecord,
  type TestDriver,
  type TestDriverOptions,
  testDriver,
} from '../../lib/testing/index.ts'
import { rowsOf } from '../conformance/streams/answer.ts'
import { headersOf } from '../conformance/streams/record-bytes.ts'
import type { Input, Scenario, StoreRow } from '../conformance/streams/scenario.ts'
import { storeNames } from '../conformance/streams/store-names.ts'
import { TOPOLOGIES } from '../conformance/streams/topologies/index.ts'

export interface Ran {
  readonly outputs: readonly OutputRecord[]
  readonly stores: Readonly<Record<string, readonly StoreRow[]>>
}

/** Runs inputs through a scenario's topology: a turn of the wall clock ends what may be in one micro-batch. */
export async function ran(
  scenario: Scenario,
  inputs: readonly Input[],
  options: TestDriverOptions,
): Promise<Ran> {
  const driver = await testDriver(TOPOLOGIES[scenario.topology]!(scenario.params), options)
  try {
    for (const input of inputs) {
      if ('advanceWallClockMs' in input) {
        await driver.work()
        await driver.advanceWallClock(input.advanceWallClockMs)
      } else {
        driver.write(input.topic, { ...input, headers: headersOf(input.headers ?? {}) })
        if ((options.batch ?? 1) === 1) await driver.work()
      }
    }
    await driver.work()
    return { outputs: driver.read(), stores: storesOf(driver, scenario, options.partitions ?? 1) }
  } finally {
    await driver.close()
  }
}

function storesOf(driver: TestDriver, { topology, params }: Scenario, partitions: number): Ran['stores'] {
  const names = storeNames(topology, params)
  return Object.fromEntries(
    names.map((name) => {
      // A global table is the same one for all partitions.
      const each = name === 'global' ? 1 : partitions
      const rows = Array.from({ length: each }, (_, partition) => rowsOf(driver, name, partition)).flat()
      return [name, rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))]
    }),
  )
}

/**
 * The inputs in the order in which one task works them off when all are there at once: of the topics' heads always the
 * one with the smallest timestamp (the first topic to be seen, among equals).
 */
export function merged(inputs: readonly Input[]): Input[] {
  const result: Input[] = []
  let queues = new Map<string, Input[]>()
  const drain = () => {
    for (;;) {
      const heads = [...queues.values()].filter((queue) => queue.length > 0)
      if (heads.length === 0) break
      const earliest = heads.reduce((a, b) => (timeOf(b[0]!) < timeOf(a[0]!) ? b : a))
      result.push(earliest.shift()!)
    }
    queues = new Map([...queues.keys()].map((topic) => [topic, []]))
  }
  for (const input of inputs) {
    if ('advanceWallClockMs' in input) {
      drain()
      result.push(input)
    } else {
      const queue = queues.get(input.topic)
      if (queue === undefined) queues.set(input.topic, [input])
      else queue.push(input)
    }
  }
  drain()
  return result
}

/** In the order of their timestamps. */
export function inTime(inputs: readonly Input[]): Input[] {
  return inputs.toSorted((a, b) => timeOf(a) - timeOf(b))
}

function timeOf(input: Input): number {
  return 'timestamp' in input ? input.timestamp : 0
}

/** By topic and key, the values in the order they came: what holds whatever the order between keys is. */
export function perKey({ outputs }: Ran): Record<string, unknown[]> {
  const found: Record<string, unknown[]> = {}
  for (const { topic, key, value, timestamp } of outputs) {
    const name = `${topic} ${JSON.stringify(key)}`
    found[name] ??= []
    found[name].push([value, timestamp])
  }
  return found
}

/** By topic and key, the last value. */
export function last(of: Ran): Record<string, unknown> {
  return Object.fromEntries(Object.entries(perKey(of)).map(([name, values]) => [name, values.at(-1)]))
}
