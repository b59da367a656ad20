import type { FetchedBatch } from '../ports.ts'
import type { RawRecord } from '../record.ts'

/** One partition's records, fetched and not yet processed, and whether its fetching is paused for that. */
export class InputQueue {
  readonly #credit: number
  readonly #flow: (state: 'paused' | 'flowing') => void
  readonly #fetched: FetchedBatch[] = []
  #consumed = 0
  #bytes = 0
  #paused = false

  /** Beyond `credit` bytes fetching is paused, below half of it resumed. */
  constructor(credit: number, flow: (state: 'paused' | 'flowing') => void) {
    this.#credit = credit
    this.#flow = flow
  }

  add(batch: FetchedBatch): void {
    this.#fetched.push(batch)
    this.#bytes += batch.bytes
    if (!this.#paused && this.#bytes > this.#credit) this.#turn('paused')
  }

  /** The next record; undefined if there is none, though there may be a position to go on to. */
  get head(): RawRecord | undefined {
    return this.#fetched[0]?.records[this.#consumed]
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Steps over the head, and over all that is known to hold nothing behind it. Returns the position after that. */
  next(): number | undefined {
    let next: number | undefined
    const record = this.head
    if (record !== undefined) {
      this.#consumed++
      next = record.offset + 1
    }
    for (let batch = this.#fetched[0]; batch !== undefined; batch = this.#fetched[0]) {
      if (this.#consumed < batch.records.length) break
      next = batch.next
      this.#fetched.shift()
      this.#consumed = 0
      this.#bytes -= batch.bytes
    }
    if (this.#paused && this.#bytes <= this.#credit / 2) this.#turn('flowing')
    return next
  }

  #turn(state: 'paused' | 'flowing'): void {
    this.#paused = state === 'paused'
    this.#flow(state)
  }
}
