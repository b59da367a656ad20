/** The time below which a task behind a repartition topic may not go ahead of its upstream tasks. */
export interface TaskClock {
  /** The smallest time of all upstream tasks; Infinity for a task that reads topics of the outside only. */
  readonly floor: number
}

/** Before the first record. (ConsumerRecord.NO_TIMESTAMP) */
export const NO_TIME = -1

/**
 * The stream time of one operator: the largest timestamp it has seen, over all keys of its partition. Behind a
 * repartition topic it waits for the slowest upstream task, so that a catch-up drops nothing that the live run counted.
 * It never goes back, even where an upstream task that was idle reads old records again.
 */
export class OperatorTime {
  readonly #clock: TaskClock
  #seen: number
  #now: number

  /** `saved` is what `toString` gave. */
  constructor(clock: TaskClock, saved?: string) {
    const [seen = NO_TIME, now = NO_TIME] = saved?.split(' ').map(Number) ?? []
    this.#clock = clock
    this.#seen = seen
    this.#now = now
  }

  /** Returns the time after this record. */
  observe(timestamp: number): number {
    if (timestamp > this.#seen) this.#seen = timestamp
    return this.now
  }

  get now(): number {
    const bounded = Math.min(this.#seen, this.#clock.floor)
    if (bounded > this.#now) this.#now = bounded
    return this.#now
  }

  /** The largest timestamp seen, whatever the upstream's time. */
  get seen(): number {
    return this.#seen
  }

  toString(): string {
    return `${this.#seen} ${this.now}`
  }
}
