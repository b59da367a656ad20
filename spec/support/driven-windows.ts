import {
  json,
  type Stream,
  sink,
  type Table,
  topic,
  topology,
  type Windowed,
  windowedKey,
} from '../../lib/index.ts'
import type { TestDriver, TestDriverOptions } from '../../lib/testing/index.ts'
import { type Driven, driven, type Short } from './driven.ts'

/** JSON records of topic `in` through a windowed aggregation to topic `out`. A record without a value goes on with null. */
export function windowed<V>(define: (input: Stream<string, V>) => Table<Windowed<string>, unknown>) {
  return topology('spec', ({ source }) => {
    const input = source('input', topic('in', { value: json<V>() }), { nullValues: 'pass' })
    define(input as Stream<string, V>).pipe(
      sink('out', topic('out', { key: windowedKey(), value: json<unknown>() })),
    )
  })
}

/** `key@start-end = value at time`. */
export function shownWindow([key, value, timestamp]: Short): string {
  const { key: inner, start, end } = key as Windowed<string>
  return `${inner}@${start}-${end} = ${typeof value === 'string' ? value : JSON.stringify(value)} at ${timestamp}`
}

export async function drivenWindows(
  said: Parameters<typeof driven>[0],
  inputs: readonly Short[],
  options: TestDriverOptions = {},
): Promise<Driven & { readonly shown: string[] }> {
  const result = await driven(said, inputs, options)
  return { ...result, shown: result.out.map(shownWindow) }
}

/** What came to topic `out` since the last look. */
export function shownSince(driver: TestDriver): string[] {
  return driver.read('out').map(({ key, value, timestamp }) => shownWindow([key, value, timestamp]))
}
