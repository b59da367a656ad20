import type { Lap } from './race/race.ts'

/** Figures by name, with their units in the names. */
export type Result = Readonly<Record<string, string | number | boolean>>

export type Workload = () => AsyncIterable<Result>

/** For workloads whose contestants take turns. */
export interface RaceOptions {
  readonly rounds: number
  /** Of the input. */
  readonly records: number
  /** Which contestants run, by their name. */
  readonly isWanted: (contestant: string) => boolean
  /** Whether summaries and plots are kept in `bench/results`. */
  readonly save: boolean
}

export type RaceWorkload = (options: RaceOptions) => AsyncIterable<Lap>

const ROUNDS = 60

/**
 * Nanoseconds of the fastest round of each, all run in turn: other work on a shared machine only ever adds. Half as
 * many rounds go before, for the compiler.
 */
export async function fastest<const Runs extends ReadonlyArray<() => unknown>>(
  ...runs: Runs
): Promise<{ [I in keyof Runs]: number }> {
  const best = runs.map(() => Number.POSITIVE_INFINITY)
  for (let round = -ROUNDS / 2; round < ROUNDS; round++) {
    for (const [index, run] of runs.entries()) {
      const begun = process.hrtime.bigint()
      await run()
      const took = Number(process.hrtime.bigint() - begun)
      if (round >= 0) best[index] = Math.min(best[index]!, took)
    }
  }
  return best as { [I in keyof Runs]: number }
}
