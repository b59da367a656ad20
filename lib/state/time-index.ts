import { KeyOrder } from './key-order.ts'
import { readTime, timeCode } from './time-code.ts'

/**
 * Which entries a store has at which time: what there is to forget, and what lies between two times. Most stores have
 * many entries at few times (tumbling windows), or one at each of many (streams that are joined).
 */
export class TimeIndex {
  readonly #entries = new Map<string, string | Set<string>>()
  readonly #times = new KeyOrder(() => this.#entries.keys())
  /** No entry is older; there may be none as old. */
  #oldest = Number.POSITIVE_INFINITY

  /** An entry that was not there before. */
  add(time: string, entry: string): void {
    const there = this.#entries.get(time)
    if (there === undefined) {
      this.#entries.set(time, entry)
      this.#times.added(time)
      this.#oldest = Math.min(this.#oldest, readTime(time, 0))
    } else if (typeof there === 'string') this.#entries.set(time, new Set([there, entry]))
    else there.add(entry)
  }

  remove(time: string, entry: string): void {
    const there = this.#entries.get(time)
    const last = typeof there === 'object' ? there.delete(entry) && there.size === 0 : there === entry
    if (last) this.#removeTime(time)
  }

  /** Takes out all entries that are not newer than `horizon`. */
  take(horizon: number): string[] {
    if (horizon < this.#oldest) return []
    const times = [...this.#times.ascending(undefined, timeCode(horizon + 1))]
    const taken = times.flatMap((time) => [...this.#at(time)])
    for (const time of times) this.#removeTime(time)
    const [next] = this.#times.ascending()
    this.#oldest = next === undefined ? Number.POSITIVE_INFINITY : readTime(next, 0)
    return taken
  }

  /** Entries with times in [from, to), by time, then entry: those of the times that there are when the walk begins. */
  *between(from: string, to: string): Generator<string, void> {
    for (const time of this.#times.ascending(from, to)) yield* [...this.#at(time)].sort()
  }

  #at(time: string): Iterable<string> {
    const there = this.#entries.get(time)
    if (there === undefined) return []
    return typeof there === 'string' ? [there] : there
  }

  #removeTime(time: string): void {
    this.#entries.delete(time)
    this.#times.removed(time)
  }
}
