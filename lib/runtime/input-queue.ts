import type { FetchedBatch } from '../broker/broker.ts'
import type { RawRecord } from '../record.ts'

/** What a record takes beside its bytes: an object, its numbers, a view of its key and one of its value. (V8, measured) */
const OBJECT_BYTES = 350
/** So many times the credit may be taken with the objects. */
const WITH_OBJECTS = 1.5

/** One partition's records, fetched and not yet processed, and whether its fetching is paused for that. */
export class InputQueue {
  readonly #credit: number
  readonly #flow: (state: 'paused' | 'flowing') => void
  readonly #fetched: FetchedBatch[] = []
  #consumed = 0
  #bytes = 0
  #load = 0
  #kept = false
  #full = false
  #paused = false

  /** Beyond `credit` fetching is paused, below half of it resumed: bytes, or two thirds of them with their objects. */
  constructor(credit: number, flow: (state: 'paused' | 'flowing') => void) {
    this.#credit = credit
    this.#flow = flow
  }

  add(batch: FetchedBatch): void {
    this.#fetched.push(batch)
    this.#bytes += batch.bytes
    this.#load += loadOf(batch)
    if (this.#load > this.#credit) this.#turn(true)
  }

  /** The next record; undefined if there is none, though there may be a position to go on to. */
  get head(): RawRecord | undefined {
    return this.#kept ? undefined : this.#fetched[0]?.records[this.#consumed]
  }

  get kept(): boolean {
    return this.#kept
  }

  /** Keeps back what is there, and has no more fetched; or lets it go again. */
  keep(kept: boolean): void {
    this.#kept = kept
    this.#turn(this.#full)
  }

  /** Of keys, values and headers. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether no more comes before some of it is taken. */
  get full(): boolean {
    return this.#full && !this.#kept
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
      this.#load -= loadOf(batch)
    }
    if (this.#load <= this.#credit / 2) this.#turn(false)
    return next
  }

  #turn(full: boolean): void {
    this.#full = full
    const paused = full || this.#kept
    if (paused === this.#paused) return
    this.#paused = paused
    this.#flow(paused ? 'paused' : 'flowing')
  }
}

/** What it takes of the credit: large records their bytes, small ones by the memory that their objects need. */
function loadOf({ bytes, records }: FetchedBatch): number {
  return Math.max(bytes, (bytes + records.length * OBJECT_BYTES) / WITH_OBJECTS)
}
