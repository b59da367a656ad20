import {
  count,
  filter,
  json,
  keyBy,
  map,
  sink,
  type Topology,
  topic,
  topology,
  toStream,
} from '../../../lib/index.ts'

export interface Price {
  readonly n: number
}

export interface Version {
  /** Undefined for prices that it leaves out. */
  readonly band: (n: number) => string | undefined
}

export const OLD: Version = {
  band: (n) => (n % 10 === 3 ? undefined : n < 50 ? 'low' : 'high'),
}
/** Other bands, and it leaves out others. */
export const NEW: Version = {
  band: (n) => (n % 10 === 7 ? undefined : n < 30 ? 'low' : n < 60 ? 'middle' : 'high'),
}

const prices = topic('prices', { value: json<Price>(), partitions: 2 })
/** What is deleted can be said; and all that was ever written stays to be looked at. */
const config = { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': '86400000' }
const banded = topic('banded', { value: json<{ band: string }>(), partitions: 2, config })
const totals = topic('totals', { value: json<number | null>(), partitions: 2, config })
const copied = topic('copied', { value: json<number | null>(), partitions: 2, config })

/** `prices` → `banded` by key; how many there were of each band → `totals`, which is read back → `copied`. */
export function pricesOf({ band }: Version): Topology {
  return topology(
    'prices',
    ({ source }) => {
      const known = source('prices', prices).pipe(
        filter('known', ({ n }) => band(n) !== undefined),
        map('band', ({ n }) => ({ band: band(n)! })),
      )
      known.pipe(sink('banded', banded))
      known.pipe(
        keyBy('by-band', ({ band }) => band),
        count('per-band'),
        toStream('totals-of-bands'),
        sink('totals', totals),
      )
      source('totals-again', totals).pipe(sink('copied', copied))
    },
    { guarantee: 'exactly-once' },
  )
}

/** The i-th price: keys come again and again. */
export function price(i: number): readonly [key: string, value: Price] {
  return [`k${(i * 31) % 97}`, { n: (i * 37) % 101 }]
}
