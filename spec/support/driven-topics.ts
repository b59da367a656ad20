import type { Headers } from '../../lib/record.ts'
import { type TestDriverOptions, testDriver } from '../../lib/testing/index.ts'
import { type Driven, lettersOf, type Short, shortened } from './driven.ts'

/** Which topic a record is piped into, and what. */
export type Into = readonly [topic: string, ...Short, headers?: Headers]

/** Pipes records in one by one, each worked off before the next. */
export async function drivenTopics(
  said: Parameters<typeof testDriver>[0],
  inputs: readonly Into[],
  options: TestDriverOptions = {},
): Promise<Driven> {
  const driver = await testDriver(said, options)
  try {
    for (const [topic, key, value, timestamp, headers = []] of inputs)
      await driver.pipe(topic, { key, value, timestamp, headers })
    return { out: shortened(driver), letters: lettersOf(driver), counters: driver.counters }
  } finally {
    await driver.close()
  }
}
