import { writeFileSync } from 'node:fs'
import { keysRace } from './growth/keys.ts'
import { plot } from './growth/plot.ts'
import { millrace } from './peers/millrace.ts'
import type { Contestant } from './race/contestant.ts'
import type { Lap } from './race/race.ts'
import { median } from './race/summary.ts'
import { usersRace } from './race/users-race.ts'
import { everyRow } from './race/written.ts'
import { checksumOf, lastUpdates } from './w2/counted.ts'
import type { RaceOptions, RaceWorkload } from './workload.ts'

/** How a workload goes as one thing grows, with all else as it is. */
interface Series {
  readonly title: string
  /** What grows. */
  readonly of: string
  readonly xs: readonly number[]
  readonly race: (x: number) => RaceWorkload
}

const HOUR = 3_600_000
const FIGURES = ['records/s', 'peak MiB'] as const
const W1 = 'bench/w1/topology.ts'

export const GROWTH: Readonly<Record<string, Series>> = {
  'growth-records': {
    title: 'W1, two threads: records',
    of: 'records',
    xs: [100_000, 1_000_000, 10_000_000],
    race: (records) => (options) => cleansing([runs(W1, 2)])({ ...options, records }),
  },
  'growth-partitions': {
    title: 'W1, two threads: partitions of input and output',
    of: 'partitions',
    xs: [1, 4, 20, 50, 100, 200],
    race: (partitions) => cleansing([runs(W1, 2)], partitions),
  },
  'growth-depth': {
    title: 'W1, one thread: steps between source and sink',
    of: 'steps',
    xs: [2, 5, 10, 20, 50],
    race: (depth) => cleansing([runs('bench/growth/deep-topology.ts', 1, { BENCH_DEPTH: String(depth) })]),
  },
  'growth-threads': {
    title: 'W1: threads (more than there are cores show what they cost, not what they bring)',
    of: 'threads',
    xs: [1, 2, 3, 4],
    race: (threads) => cleansing([runs(W1, threads)]),
  },
  'growth-keys': {
    title: 'Counts of small records by key, two threads: keys in state',
    of: 'keys',
    xs: [1_000, 10_000, 100_000, 1_000_000, 10_000_000],
    race: (keys) => keysRace(keys, [runs('bench/growth/keys-topology.ts', 2)]),
  },
  'growth-windows': {
    title: 'W2, two threads: windows of an hour',
    of: 'windows',
    xs: [1, 6, 60, 360, 3_600],
    race: (windows) => counting(HOUR / windows),
  },
}

function runs(topology: string, threads: number, env: Readonly<Record<string, string>> = {}): Contestant {
  return millrace({ topology, guarantee: 'at-least-once', threads, env })
}

function cleansing(contestants: readonly Contestant[], partitions?: number): RaceWorkload {
  return usersRace({ contestants, expected: ({ clean }) => clean, written: everyRow, partitions })
}

function counting(window: number): RaceWorkload {
  return usersRace({
    contestants: [runs('bench/w2/topology.ts', 2, { BENCH_WINDOW: `${window}ms` })],
    expected: ({ counts }) => checksumOf(counts),
    written: lastUpdates,
    window,
  })
}

/** A lap for each x and round; `contestant` says which x. */
export function growth({ of, xs, race }: Series): RaceWorkload {
  return async function* (options: RaceOptions) {
    for (const x of xs) {
      for await (const lap of race(x)(options)) yield { ...lap, contestant: `${x} ${of}`, [of]: x }
    }
  }
}

export function savePlot(file: string, { title, of, xs }: Series, laps: readonly Lap[]): void {
  const panels = FIGURES.map((figure) => ({
    title: figure,
    points: xs.flatMap((x) => {
      const y = median(laps.filter((lap) => lap[of] === x).map((lap) => Number(lap[figure])))
      return y === undefined ? [] : [[x, y] as const]
    }),
  }))
  writeFileSync(file, plot(title, of, panels))
}
