import type { LatencyCounts } from './worker-view.ts'

/** Seconds. */
const BOUNDS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** How long something took, each time. */
export class Latencies {
  readonly #counts = [...BOUNDS, Number.POSITIVE_INFINITY].map(() => 0)
  #sum = 0

  add(milliseconds: number): void {
    const seconds = milliseconds / 1000
    const bucket = BOUNDS.findIndex((bound) => seconds <= bound)
    this.#counts[bucket < 0 ? BOUNDS.length : bucket]!++
    this.#sum += seconds
  }

  counts(): LatencyCounts {
    return { bounds: BOUNDS, counts: [...this.#counts], sum: this.#sum }
  }
}
