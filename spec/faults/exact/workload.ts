import {
  count,
  join,
  json,
  keyBy,
  sink,
  type Topology,
  topic,
  topology,
  tumbling,
  window,
  windowedKey,
  within,
} from '../../../lib/index.ts'
import { APART, type Input, names, PARTITIONS } from '../stateful/workload.ts'

const WINDOW_MS = 100
/** Nothing is forgotten, in whatever order the partitions are read. */
const GRACE_MS = 1_000_000

const countryOf = (n: number) => `country-${n % 7}`

/** Windows counted behind a repartition topic, and a join of two streams: exactly once. */
export function said(run: string): Topology {
  const of = names(run)
  const numbers = (name: string) => topic(name, { value: json<number>(), partitions: PARTITIONS })
  const counts = topic(of.counts, { key: windowedKey(), value: json<number>(), partitions: PARTITIONS })
  const pairs = topic(of.pairs, { value: json<string>(), partitions: PARTITIONS })
  return topology(
    of.application,
    ({ source }) => {
      source('clicks', numbers(of.clicks)).pipe(
        keyBy('country', countryOf),
        window('per-window', tumbling(WINDOW_MS, { grace: GRACE_MS })),
        count('clicks-per-window'),
        sink('counts', counts),
      )
      const right = source('right', numbers(of.right))
      source('left', numbers(of.left)).pipe(
        join('pair', right, within({ after: APART, grace: GRACE_MS }), (l, r) => `${l}+${r}`),
        sink('pairs', pairs),
      )
    },
    { guarantee: 'exactly-once' },
  )
}

/** Each count that an undisturbed run writes, `key@window=count`, in no order. */
export function expectedCounts(run: string, all: readonly Input[]): string[] {
  const seen = new Map<string, number>()
  return all
    .filter(({ topic }) => topic === names(run).clicks)
    .map(({ value, timestamp }) => {
      const windowed = `${countryOf(value)}@${timestamp - (timestamp % WINDOW_MS)}`
      const n = (seen.get(windowed) ?? 0) + 1
      seen.set(windowed, n)
      return `${windowed}=${n}`
    })
}

const windows = windowedKey()

/** A count as it was written, in the same words. */
export function countIn({
  key,
  value,
}: {
  readonly key: Buffer | null
  readonly value: Buffer | null
}): string {
  const windowed = windows.decode(key!)
  return `${windowed.key}@${windowed.start}=${value}`
}
