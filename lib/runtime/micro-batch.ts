import type { FetchedBatch } from '../ports.ts'
import type { RawRecord } from '../record.ts'

/** When a micro-batch is cut: whichever comes first. */
export interface BatchLimits {
  readonly records: number
  readonly bytes: number
  /** How long a batch that is not full waits for more. Milliseconds. */
  readonly wait: number
}

export interface MicroBatch {
  readonly records: readonly RawRecord[]
  /** The position to commit once all its output is acknowledged. */
  readonly next: number
}

/** Fetched and not yet processed. Bounded by credit: beyond it fetching is paused, below half of it resumed. */
export class MicroBatchQueue {
  readonly #limits: BatchLimits
  readonly #credit: number
  readonly #flow: (state: 'paused' | 'flowing') => void
  readonly #fetched: FetchedBatch[] = []
  #consumed = 0
  #records = 0
  #bytes = 0
  #paused = false
  #closed = false
  #wake: () => void = () => {}

  constructor(limits: BatchLimits, creditBytes: number, flow: (state: 'paused' | 'flowing') => void) {
    this.#limits = limits
    this.#credit = creditBytes
    this.#flow = flow
  }

  offer(batch: FetchedBatch): void {
    if (this.#closed) return
    this.#fetched.push(batch)
    this.#records += batch.records.length
    this.#bytes += batch.bytes
    if (!this.#paused && this.#bytes > this.#credit) this.#turn('paused')
    this.#wake()
  }

  /** Nothing more is handed out; what is queued was never begun and will be read again by the next owner. */
  close(): void {
    this.#closed = true
    this.#wake()
  }

  /** The next micro-batch, or undefined when closed. */
  async take(): Promise<MicroBatch | undefined> {
    while (!this.#closed && this.#fetched.length === 0) await this.#more()
    const deadline = performance.now() + this.#limits.wait
    while (!this.#closed && !this.#full() && performance.now() < deadline) {
      await this.#more(deadline - performance.now())
    }
    return this.#closed ? undefined : this.#cut()
  }

  #full(): boolean {
    return this.#records >= this.#limits.records || this.#bytes >= this.#limits.bytes
  }

  #more(timeout?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeout === undefined ? undefined : setTimeout(resolve, Math.max(0, timeout))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #cut(): MicroBatch {
    const records: RawRecord[] = []
    let bytes = 0
    let next = 0
    while (this.#fetched.length > 0 && records.length < this.#limits.records && bytes < this.#limits.bytes) {
      const batch = this.#fetched[0]!
      while (
        this.#consumed < batch.records.length &&
        records.length < this.#limits.records &&
        (records.length === 0 || bytes < this.#limits.bytes)
      ) {
        const record = batch.records[this.#consumed++]!
        records.push(record)
        bytes += sizeOf(record)
        next = record.offset + 1
      }
      if (this.#consumed < batch.records.length) break
      next = batch.next
      this.#fetched.shift()
      this.#consumed = 0
      this.#bytes -= batch.bytes
    }
    this.#records -= records.length
    if (this.#paused && this.#bytes <= this.#credit / 2) this.#turn('flowing')
    return { records, next }
  }

  #turn(state: 'paused' | 'flowing'): void {
    this.#paused = state === 'paused'
    this.#flow(state)
  }
}

function sizeOf(record: RawRecord): number {
  return (record.key?.length ?? 0) + (record.value?.length ?? 0)
}
