import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { plot } from './growth/plot.ts'
import { millrace } from './peers/millrace.ts'
import type { Lap } from './race/race.ts'
import { median } from './race/summary.ts'
import { usersRace } from './race/users-race.ts'
import { everyRow } from './race/written.ts'
import type { RaceOptions, RaceWorkload } from './workload.ts'

/** How W1 goes as one thing grows, with all else as it is. */
interface Series {
  readonly title: string
  /** What grows. */
  readonly of: string
  readonly xs: readonly number[]
  readonly at: (x: number) => Point
}

interface Point {
  readonly records?: number
  readonly partitions?: number
  readonly threads?: number
  readonly depth?: number
}

const GUARANTEE = 'at-least-once'
const FIGURES = ['records/s', 'peak MiB'] as const

export const GROWTH: Readonly<Record<string, Series>> = {
  'growth-records': {
    title: 'W1, two threads: records',
    of: 'records',
    xs: [100_000, 1_000_000, 10_000_000],
    at: (records) => ({ records }),
  },
  'growth-partitions': {
    title: 'W1, two threads: partitions of input and output',
    of: 'partitions',
    xs: [1, 4, 20, 50, 100, 200],
    at: (partitions) => ({ partitions }),
  },
  'growth-depth': {
    title: 'W1, one thread: steps between source and sink',
    of: 'steps',
    xs: [2, 5, 10, 20, 50],
    at: (depth) => ({ depth, threads: 1 }),
  },
  'growth-threads': {
    title: 'W1: threads (more than there are cores show what they cost, not what they bring)',
    of: 'threads',
    xs: [1, 2, 3, 4],
    at: (threads) => ({ threads }),
  },
}

/** A lap for each x and round; `contestant` says which x. */
export function growth({ of, xs, at }: Series): RaceWorkload {
  return async function* (options: RaceOptions) {
    for (const x of xs) {
      const { records = options.records, partitions, threads = 2, depth } = at(x)
      const race = usersRace({
        contestants: [
          {
            ...millrace({
              topology: depth === undefined ? 'bench/w1/topology.ts' : 'bench/growth/deep-topology.ts',
              guarantee: GUARANTEE,
              threads,
              env: depth === undefined ? {} : { BENCH_DEPTH: String(depth) },
            }),
            name: `${x} ${of}`,
          },
        ],
        expected: ({ clean }) => clean,
        written: everyRow,
        partitions,
      })
      for await (const lap of race({ ...options, records })) yield { ...lap, [of]: x }
    }
  }
}

/** Writes `bench/results/NAME.svg`. */
export function savePlot(name: string, { title, of, xs }: Series, laps: readonly Lap[]): void {
  const panels = FIGURES.map((figure) => ({
    title: figure,
    points: xs.flatMap((x) => {
      const y = median(laps.filter((lap) => lap[of] === x).map((lap) => Number(lap[figure])))
      return y === undefined ? [] : [[x, y] as const]
    }),
  }))
  const file = fileURLToPath(new URL(`results/${name}.svg`, import.meta.url))
  writeFileSync(file, plot(title, of, panels))
}
