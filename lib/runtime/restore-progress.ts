import type { FetchedBatch, Range } from '../broker/broker.ts'

/** How far the restore of one store is. Plain data: it can be asked for across threads. */
export interface RestoreProgress {
  readonly task: string
  readonly topic: string
  readonly partition: number
  /** Offsets: where this restore has begun, where it reads next, and where it ends. */
  readonly from: number
  readonly at: number
  readonly end: number
  /** How many records it has read. */
  readonly records: number
  /** Offsets a second, since it began. */
  readonly rate: number
  /** Milliseconds that are left at this rate; undefined as long as nothing has been read. */
  readonly eta: number | undefined
  /** Milliseconds since something was read last, or since it began. */
  readonly silent: number
}

interface Reading {
  readonly range: Range
  at: number
  records: number
  last: number
}

/** The restores under way in a worker. */
export class Restores {
  readonly #running = new Set<Restoring>()

  /** Until `done` is called. */
  begin(task: string, ranges: readonly Range[]): Restoring {
    const restoring = new Restoring(task, ranges, () => this.#running.delete(restoring))
    this.#running.add(restoring)
    return restoring
  }

  snapshot(): RestoreProgress[] {
    return [...this.#running].flatMap((restoring) => restoring.progress())
  }
}

/** The restore of one task: its stores are read together. */
export class Restoring {
  readonly done: () => void
  readonly #task: string
  readonly #begun: number
  readonly #readings: Reading[]
  readonly #now: () => number

  constructor(
    task: string,
    ranges: readonly Range[],
    done: () => void,
    now: () => number = () => performance.now(),
  ) {
    this.done = done
    this.#task = task
    this.#now = now
    this.#begun = now()
    this.#readings = ranges.map((range) => ({ range, at: range.from, records: 0, last: this.#begun }))
  }

  read({ topic, partition, records, next }: FetchedBatch): void {
    const reading = this.#readings.find(
      ({ range }) => range.topic === topic && range.partition === partition,
    )!
    reading.at = next
    reading.records += records.length
    reading.last = this.#now()
  }

  progress(): RestoreProgress[] {
    const now = this.#now()
    const seconds = (now - this.#begun) / 1000
    return this.#readings.map(({ range: { topic, partition, from, to: end }, at, records, last }) => {
      const rate = seconds > 0 ? (at - from) / seconds : 0
      const eta = rate > 0 ? Math.round(((end - at) / rate) * 1000) : undefined
      const silent = Math.round(now - last)
      return {
        task: this.#task,
        ...{ topic, partition, from, at, end, records },
        ...{ rate: Math.round(rate), eta, silent },
      }
    })
  }
}
