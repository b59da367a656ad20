import { json, type Stream, sink, topic, topology } from '../../lib/index.ts'
import { type TestDriver, type TestDriverOptions, testDriver } from '../../lib/testing/index.ts'
import { lettersOf, type Short, shortened } from './driven.ts'

type Input = Stream<string, string | null>

/** Which topic a record is piped into, and what. */
export type Sided = readonly [side: 'left' | 'right', ...Short]

/** JSON records of topics `left` and `right`, through what joins them, to topic `out`. Nulls go on. */
export function joining(define: (left: Input, right: Input) => Stream<string, unknown>) {
  return topology('spec', ({ source }) => {
    const [left, right] = (['left', 'right'] as const).map((name) =>
      source(name, topic(name, { value: json<string>() }), { nullValues: 'pass' }),
    ) as [Input, Input]
    define(left, right).pipe(sink('out', topic('out', { value: json() })))
  })
}

/** `l+r`: what most specs join to. */
export const plus = (left: unknown, right: unknown) => `${left}+${right}`

export async function pipeSides(driver: TestDriver, inputs: readonly Sided[]): Promise<void> {
  for (const [side, key, value, timestamp] of inputs) await driver.pipe(side, { key, value, timestamp })
}

/** Pipes records in one by one, each worked off before the next; tells what came out, after each. */
export async function drivenSides(
  said: Parameters<typeof testDriver>[0],
  inputs: readonly Sided[],
  options: TestDriverOptions = {},
) {
  const driver = await testDriver(said, options)
  try {
    const after: Short[][] = []
    for (const input of inputs) {
      await pipeSides(driver, [input])
      after.push(shortened(driver))
    }
    return { out: after.flat(), after, letters: lettersOf(driver), counters: driver.counters }
  } finally {
    await driver.close()
  }
}
