/** Plain data: what a snapshot holds. */
export type CountsByStep = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Counts by step and by what happened there: `records`, `refused`, `filtered`, `unmatched`, `written` … */
export class Counters {
  readonly #counts = new Map<string, Map<string, number>>()

  add(step: string, what: string, by = 1): void {
    const counts = this.#counts.get(step) ?? new Map<string, number>()
    this.#counts.set(step, counts)
    counts.set(what, (counts.get(what) ?? 0) + by)
  }

  get(step: string, what: string): number {
    return this.#counts.get(step)?.get(what) ?? 0
  }

  snapshot(): CountsByStep {
    return Object.fromEntries([...this.#counts].map(([step, counts]) => [step, Object.fromEntries(counts)]))
  }
}

/** Of several workers, step by step. */
export function sumOfCounts(all: readonly (CountsByStep | undefined)[]): CountsByStep {
  const sum: Record<string, Record<string, number>> = {}
  for (const counts of all) {
    for (const [step, byWhat] of Object.entries(counts ?? {})) {
      sum[step] ??= {}
      const of = sum[step]
      for (const [what, count] of Object.entries(byWhat)) of[what] = (of[what] ?? 0) + count
    }
  }
  return sum
}
