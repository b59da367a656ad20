import type { FetchedBatch } from '../ports.ts'
import type { Position, RawRecord, TopicPartition } from '../record.ts'
import { InputQueue } from './input-queue.ts'

/** When a micro-batch is cut: whichever comes first. */
export interface BatchLimits {
  readonly records: number
  readonly bytes: number
  /** How long a batch that is not full waits for more. Milliseconds. */
  readonly wait: number
}

export interface MicroBatch {
  readonly records: readonly RawRecord[]
  /** The positions to commit once all its output is acknowledged. */
  readonly positions: readonly Position[]
}

/**
 * Fetched and not yet processed, of all inputs of a task. The next record is the one with the smallest timestamp among
 * the heads, so that co-partitioned inputs are worked off in the order of time as far as it is known. (PartitionGroup)
 */
export class MicroBatchQueue {
  readonly #limits: BatchLimits
  readonly #inputs: ReadonlyMap<string, { readonly input: TopicPartition; readonly queue: InputQueue }>
  #records = 0
  #fetches = 0
  #closed = false
  #wake: () => void = () => {}

  /** `creditBytes` are those of one input. */
  constructor(
    inputs: readonly TopicPartition[],
    limits: BatchLimits,
    creditBytes: number,
    flow: (input: TopicPartition, state: 'paused' | 'flowing') => void,
  ) {
    this.#limits = limits
    this.#inputs = new Map(
      inputs.map((input) => {
        return [input.topic, { input, queue: new InputQueue(creditBytes, (state) => flow(input, state)) }]
      }),
    )
  }

  offer(batch: FetchedBatch): void {
    if (this.#closed) return
    this.#inputs.get(batch.topic)!.queue.add(batch)
    this.#records += batch.records.length
    this.#fetches++
    this.#wake()
  }

  /** Nothing more is handed out; what is queued was never begun and will be read again by the next owner. */
  close(): void {
    this.#closed = true
    this.#wake()
  }

  /** The next micro-batch, an empty one if none comes within `patience` (milliseconds), or undefined when closed. */
  async take(patience?: number): Promise<MicroBatch | undefined> {
    const until = patience === undefined ? undefined : performance.now() + patience
    while (!this.#closed && this.#fetches === 0) {
      if (until !== undefined && performance.now() >= until) return { records: [], positions: [] }
      await this.#more(until === undefined ? undefined : until - performance.now())
    }
    const deadline = performance.now() + this.#limits.wait
    while (!this.#closed && !this.#full() && performance.now() < deadline) {
      await this.#more(deadline - performance.now())
    }
    return this.#closed ? undefined : this.#cut()
  }

  #full(): boolean {
    if (this.#records >= this.#limits.records) return true
    let bytes = 0
    for (const { queue } of this.#inputs.values()) bytes += queue.bytes
    return bytes >= this.#limits.bytes
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
    const positions = new Map<TopicPartition, number>()
    let bytes = 0
    this.#fetches = 0
    for (const { input, queue } of this.#inputs.values()) this.#stepOver(input, queue, positions)
    for (let earliest = this.#earliest(); earliest !== undefined; earliest = this.#earliest()) {
      const record = earliest.queue.head!
      const size = sizeOf(record)
      if (records.length >= this.#limits.records || (records.length > 0 && bytes >= this.#limits.bytes)) break
      records.push(record)
      bytes += size
      positions.set(earliest.input, earliest.queue.next()!)
    }
    this.#records -= records.length
    if (this.#earliest() !== undefined) this.#fetches = 1
    return { records, positions: [...positions].map(([input, offset]) => ({ ...input, offset })) }
  }

  /** What was fetched may hold no record at all, and a position all the same. */
  #stepOver(input: TopicPartition, queue: InputQueue, positions: Map<TopicPartition, number>): void {
    if (queue.head !== undefined) return
    const next = queue.next()
    if (next !== undefined) positions.set(input, next)
  }

  #earliest() {
    let earliest: { readonly input: TopicPartition; readonly queue: InputQueue } | undefined
    for (const one of this.#inputs.values()) {
      const { head } = one.queue
      if (head === undefined) continue
      if (earliest === undefined || head.timestamp < earliest.queue.head!.timestamp) earliest = one
    }
    return earliest
  }
}

function sizeOf(record: RawRecord): number {
  return (record.key?.length ?? 0) + (record.value?.length ?? 0)
}
