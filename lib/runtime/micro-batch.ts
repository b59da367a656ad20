import type { FetchedBatch } from '../broker/broker.ts'
import type { Position, RawRecord, TopicPartition } from '../record.ts'
import type { TokenBucket } from '../token-bucket.ts'
import { InputQueue } from './input-queue.ts'

/** When a micro-batch is cut: whichever comes first. */
export interface BatchLimits {
  readonly records: number
  readonly bytes: number
  /** How long a batch that is not full waits for more, beside the time until the one before is written. Milliseconds. */
  readonly wait: number
}

export interface MicroBatch {
  readonly records: readonly RawRecord[]
  /** The positions to commit once all its output is acknowledged. */
  readonly positions: readonly Position[]
}

/** The same, with no more records at a time. */
export function inPortions(limits: BatchLimits, portion: number): BatchLimits {
  return {
    ...limits,
    get records() {
      return Math.min(limits.records, portion)
    },
  }
}

interface Input {
  readonly input: TopicPartition
  readonly queue: InputQueue
}

/** What is so much of a full one is worth processing while the one before is written. */
const WORTHWHILE = 1 / 8
const NOTHING: MicroBatch = { records: [], positions: [] }
/** What a timer can wait for. */
const LONGEST_TIMER = 2 ** 31 - 1

/**
 * Fetched and not yet processed, of all inputs of a task. The next record is the one with the smallest timestamp among
 * the heads, so that co-partitioned inputs are worked off in the order of time as far as it is known. (PartitionGroup)
 */
export class MicroBatchQueue {
  readonly #limits: BatchLimits
  readonly #inputs: readonly Input[]
  readonly #paces: ReadonlyMap<string, TokenBucket>
  /** Cut, and not to be handed out before its time. */
  #held: { readonly batch: MicroBatch; readonly at: number } | undefined
  #records = 0
  #fetches = 0
  #closed = false
  #writing = false
  #wake: () => void = () => {}

  /** `creditBytes` are those of one input; `paces`, by topic, say how fast an input may be read. */
  constructor(
    inputs: readonly TopicPartition[],
    limits: BatchLimits,
    creditBytes: number,
    flow: (input: TopicPartition, state: 'paused' | 'flowing') => void,
    paces: ReadonlyMap<string, TokenBucket> = new Map(),
  ) {
    this.#paces = paces
    this.#limits = limits
    this.#inputs = inputs.map((input) => {
      return { input, queue: new InputQueue(creditBytes, (state) => flow(input, state)) }
    })
  }

  offer(batch: FetchedBatch): void {
    if (this.#closed) return
    this.#queueOf(batch.topic).add(batch)
    this.#records += batch.records.length
    this.#fetches++
    this.#wake()
  }

  /** Keeps back what an input has, and what it is still to get, until it is let go again. */
  keep(topic: string, kept: boolean): void {
    this.#queueOf(topic).keep(kept)
    if (kept || this.#earliest() < 0) return
    this.#fetches = 1
    this.#wake()
  }

  /** Nothing more is handed out; what is queued was never begun and will be read again by the next owner. */
  close(): void {
    this.#closed = true
    this.#wake()
  }

  /** Whether the micro-batch before is being written: the next one grows meanwhile, and is one instead of several. */
  set writing(writing: boolean) {
    this.#writing = writing
    if (!writing) this.#wake()
  }

  /**
   * The next micro-batch, an empty one if none comes within `patience` (milliseconds) and not all inputs are kept back,
   * or undefined when closed.
   */
  async take(patience = Number.POSITIVE_INFINITY): Promise<MicroBatch | undefined> {
    const until = this.#keepsAll ? Number.POSITIVE_INFINITY : performance.now() + patience
    while (!this.#closed && this.#fetches === 0 && this.#held === undefined) {
      if (performance.now() >= until) return NOTHING
      await this.#more(until - performance.now())
    }
    if (this.#held === undefined) {
      const deadline = performance.now() + this.#limits.wait
      while (!this.#closed && !this.#holds(1)) {
        const grows = this.#writing && !this.#holds(WORTHWHILE)
        const left = grows ? Number.POSITIVE_INFINITY : deadline - performance.now()
        if (left <= 0) break
        await this.#more(left)
      }
      if (this.#closed) return undefined
      const batch = this.#cut()
      const owed = this.#owed(batch)
      if (owed === 0) return batch
      this.#held = { batch, at: performance.now() + owed }
    }
    return this.#release(this.#held, until)
  }

  /** Waits for the time of what is held. Given up by `close`, it will be read again, as what is queued. */
  async #release(
    held: { readonly batch: MicroBatch; readonly at: number },
    until: number,
  ): Promise<MicroBatch | undefined> {
    while (!this.#closed && performance.now() < held.at) {
      if (performance.now() >= until) return NOTHING
      await this.#more(Math.min(held.at, until) - performance.now())
    }
    this.#held = undefined
    return this.#closed ? undefined : held.batch
  }

  /** How long the rates of its inputs want a micro-batch to wait. Milliseconds. */
  #owed({ records }: MicroBatch): number {
    let owed = 0
    for (const [topic, bucket] of this.#paces) {
      const count = records.reduce((sum, record) => (record.topic === topic ? sum + 1 : sum), 0)
      if (count > 0) owed = Math.max(owed, bucket.take(count))
    }
    return owed
  }

  get #keepsAll(): boolean {
    return this.#inputs.every(({ queue }) => queue.kept)
  }

  /** Whether there is this share of a full one, or no more to wait for. */
  #holds(share: number): boolean {
    const { records, bytes: most } = this.#limits
    if (this.#records >= records * share) return true
    let bytes = 0
    for (const { queue } of this.#inputs) {
      if (queue.full) return true
      bytes += queue.bytes
    }
    return bytes >= most * share
  }

  #more(timeout: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeout > LONGEST_TIMER ? undefined : setTimeout(resolve, Math.max(0, timeout))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #cut(): MicroBatch {
    const { records: most, bytes: mostBytes } = this.#limits
    const records: RawRecord[] = []
    // What was fetched may hold no record at all, and a position all the same.
    const reached = this.#inputs.map(({ queue }) => (queue.head === undefined ? queue.next() : undefined))
    let bytes = 0
    let earliest = this.#earliest()
    while (earliest >= 0 && records.length < most && (bytes < mostBytes || records.length === 0)) {
      const { queue } = this.#inputs[earliest]!
      const record = queue.head!
      records.push(record)
      bytes += sizeOf(record)
      reached[earliest] = queue.next()
      earliest = this.#earliest()
    }
    this.#records -= records.length
    this.#fetches = earliest < 0 ? 0 : 1
    const positions = this.#inputs.flatMap(({ input }, index) => {
      const offset = reached[index]
      return offset === undefined ? [] : [{ ...input, offset }]
    })
    return { records, positions }
  }

  /** Which input has the smallest timestamp at its head, or −1. */
  #earliest(): number {
    let earliest = -1
    let timestamp = Number.POSITIVE_INFINITY
    for (let index = 0; index < this.#inputs.length; index++) {
      const { head } = this.#inputs[index]!.queue
      if (head === undefined || head.timestamp >= timestamp) continue
      earliest = index
      timestamp = head.timestamp
    }
    return earliest
  }

  #queueOf(topic: string): InputQueue {
    return this.#inputs.find(({ input }) => input.topic === topic)!.queue
  }
}

function sizeOf(record: RawRecord): number {
  return (record.key?.length ?? 0) + (record.value?.length ?? 0)
}
