import { NO_TIME, type TaskClock } from './operator-time.ts'

/**
 * How far the tasks are that feed this one through repartition topics: its operators' time may not go ahead of the
 * slowest, so that what one partition read early makes nothing late that comes from another.
 */
export class UpstreamTimes implements TaskClock {
  readonly #times: Map<string, number>
  #floor: number

  /** `tasks` are all that can write to this one's repartition topics; `saved` is what `entries` gave. */
  constructor(tasks: readonly string[], saved: Readonly<Record<string, string>> = {}) {
    this.#times = new Map(tasks.map((task) => [task, Number(saved[task] ?? NO_TIME)]))
    this.#floor = this.#lowest()
  }

  /** Infinity for a task that reads topics of the outside only. */
  get floor(): number {
    return this.#floor
  }

  /** A record or a marker of this task says how far it is; Infinity: it has nothing to read, and is not waited for. */
  told(task: string, time: number): void {
    const before = this.#times.get(task)
    if (before === undefined) return
    this.#times.set(task, time)
    // Only the slowest holds the floor where it is.
    if (before === this.#floor) this.#floor = this.#lowest()
    else if (time < this.#floor) this.#floor = time
  }

  /** Whether none of them is waited for. */
  get idle(): boolean {
    return this.#floor === Number.POSITIVE_INFINITY
  }

  entries(): IterableIterator<[task: string, time: number]> {
    return this.#times.entries()
  }

  #lowest(): number {
    return Math.min(...this.#times.values())
  }
}
