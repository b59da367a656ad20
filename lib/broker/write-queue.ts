import { isRetriable } from '../errors.ts'
import type { PlacedRecord } from './partition-choice.ts'
import { recordSize } from './record-size.ts'

/** Calls go together up to so much. */
const TOGETHER_BYTES = 8 * 1024 * 1024

interface Job {
  readonly records: readonly PlacedRecord[]
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Lets one write run at a time; the calls that come in meanwhile go together in the next one. An idempotent producer
 * of kafkajs needs that: it takes a failed request's sequence numbers back, and another request in flight would then
 * be taken by the broker for its repetition, and be dropped. The embedded log writes many small calls faster this way.
 */
export class WriteQueue {
  readonly #write: (records: readonly PlacedRecord[]) => Promise<void>
  #waiting: Job[] = []
  #running: Promise<void> | undefined

  constructor(write: (records: readonly PlacedRecord[]) => Promise<void>) {
    this.#write = write
  }

  add(records: readonly PlacedRecord[]): Promise<void> {
    const bytes = records.reduce((sum, record) => sum + recordSize(record), 0)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, bytes, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Resolves when nothing is being written or waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await this.#deliver(this.#take())
    this.#running = undefined
  }

  #take(): Job[] {
    let bytes = 0
    let count = 0
    for (const job of this.#waiting) {
      bytes += job.bytes
      if (count > 0 && bytes > TOGETHER_BYTES) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  /** A call's records that the broker refuses must not make the others fail that went with them. */
  async #deliver(jobs: readonly Job[]): Promise<void> {
    try {
      await this.#write(jobs.flatMap(({ records }) => records))
      for (const job of jobs) job.resolve()
    } catch (error) {
      if (jobs.length === 1 || isRetriable(error)) for (const job of jobs) job.reject(error)
      else for (const job of jobs) await this.#deliver([job])
    }
  }
}
