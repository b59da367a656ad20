import { json, type Stream, sink, topic, topology } from '../../lib/index.ts'
import type { Counters } from '../../lib/runtime/counters.ts'
import { type TestDriver, type TestDriverOptions, testDriver } from '../../lib/testing/index.ts'
import type { Place, Table } from '../../lib/topology/stream.ts'

/** Key, value and timestamp of a record. */
export type Short = readonly [key: unknown, value: unknown, timestamp: number]

export interface Driven {
  /** What came to topic `out`, in order. */
  readonly out: Short[]
  /** `step: reason` of each dead letter. */
  readonly letters: string[]
  readonly counters: Counters
}

/** JSON records of topic `in` through a chain of steps to topic `out`. A record without a value goes on with null. */
export function chain<V>(
  define: (input: Stream<string, V>) => Stream<string, unknown> | Table<string, unknown>,
) {
  return topology('spec', ({ source }) => {
    const input = source('input', topic('in', { value: json<V>() }), { nullValues: 'pass' })
    const end: Place = define(input as Stream<string, V>)
    sink('out', topic('out', { value: json() }))(end as Stream<string, unknown>)
  })
}

/** Pipes records into topic `in` one by one, each worked off before the next. */
export async function driven(
  said: Parameters<typeof testDriver>[0],
  inputs: readonly Short[],
  options: TestDriverOptions = {},
): Promise<Driven> {
  const driver = await testDriver(said, options)
  try {
    for (const [key, value, timestamp] of inputs) await driver.pipe('in', { key, value, timestamp })
    return { out: shortened(driver), letters: lettersOf(driver), counters: driver.counters }
  } finally {
    await driver.close()
  }
}

/** What has come to a topic since the last look. */
export function shortened(driver: TestDriver, from = 'out'): Short[] {
  return driver.read(from).map(({ key, value, timestamp }) => [key, value, timestamp])
}

export function lettersOf(driver: TestDriver): string[] {
  return driver.deadLetters.map(({ step, reason }) => `${step}: ${reason}`)
}
