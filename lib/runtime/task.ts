import type { FetchedBatch } from '../broker/broker.ts'
import { MillraceError } from '../errors.ts'
import type { Position, RawRecord, TopicPartition } from '../record.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Counters } from './counters.ts'
import { isRefusal } from './deliver.ts'
import type { Events } from './events.ts'
import type { Idleness } from './idleness.ts'
import { type BatchLimits, inPortions, type MicroBatch, MicroBatchQueue } from './micro-batch.ts'
import type { Outbox } from './outbox.ts'
import type { Pauses } from './pauses.ts'
import type { Processor } from './processor.ts'
import type { Suspects } from './suspects.ts'
import type { PartitionCounts } from './task-plan.ts'
import type { ObservedTask } from './view/observed-task.ts'

export interface TaskOptions {
  /** The partitions it reads: the same one of each of its topics. */
  readonly inputs: readonly TopicPartition[]
  readonly processor: Processor
  readonly counters: Counters
  readonly checkpoint: Checkpoint
  /** `<sub-topology>_<partition>` */
  readonly name: string
  /** Exactly once only: who led to a transaction that was refused. */
  readonly suspects: Suspects | undefined
  /** Whether it keeps state: what is saved is of one micro-batch then. */
  readonly stateful: boolean
  /** Which offsets the restored state covers already, by topic: what lies before is not processed again. */
  readonly covered: ReadonlyMap<string, number>
  readonly limits: BatchLimits
  /** Fetched and unprocessed bytes of one input beyond which its fetching pauses. */
  readonly creditBytes: number
  readonly flow: (input: TopicPartition, state: 'paused' | 'flowing') => void
  readonly pauses: Pauses
  readonly partitionsOf: PartitionCounts
  readonly idleness: Idleness
  readonly events?: Events | undefined
  /** Told of every micro-batch: what others may know of this task. */
  readonly observed: ObservedTask
  /** Ends waiting and retries; what is then unfinished is not committed. */
  readonly signal: AbortSignal
}

/** How often a task that has something to do by the clock looks at it while nothing is read. Milliseconds. */
const TICK = 100

/** One partition of a sub-topology's inputs, and all that follows from it. Its life is a sequence of micro-batches. */
export class Task {
  readonly #options: TaskOptions
  readonly #queue: MicroBatchQueue
  #marked = Number.NEGATIVE_INFINITY
  #settled: boolean

  constructor(options: TaskOptions) {
    this.#options = options
    this.#settled = options.processor.settled
    const { inputs, limits, creditBytes, flow, processor } = options
    const { portion, topics } = processor.pace
    this.#queue = new MicroBatchQueue(inputs, inPortions(limits, portion), creditBytes, flow, topics)
    this.pausesChanged()
  }

  /** What a user has paused is kept back, and nothing else. */
  pausesChanged(): void {
    const { inputs, pauses } = this.#options
    for (const input of inputs) this.#queue.keep(input.topic, pauses.has(input))
  }

  offer(batch: FetchedBatch): void {
    this.#queue.offer(batch)
  }

  /** Ends `run` after the micro-batch in hand; what is still queued stays uncommitted. */
  stop(): void {
    this.#queue.close()
  }

  /** Whether all has been committed that follows from what was read: what waits for idle input, too. */
  get settled(): boolean {
    return this.#settled
  }

  /**
   * Poll → decode → operators → sinks acknowledged → checkpoint. While one micro-batch is written, the next is
   * processed if there is enough for one, unless there is state. Writes follow one another, so the order per key holds.
   */
  async run(): Promise<void> {
    const { processor, stateful, signal } = this.#options
    const failed = new AbortController()
    const either = AbortSignal.any([signal, failed.signal])
    const tick = processor.timed ? TICK : undefined
    let writing = Promise.resolve()
    try {
      for (
        let batch = await this.#queue.take(tick);
        batch !== undefined;
        batch = await this.#queue.take(tick)
      ) {
        const outbox = await this.#process(batch, either)
        if (!processor.settled) this.#settled = false
        await writing
        this.#queue.writing = true
        writing = this.#commit(outbox, batch).finally(() => {
          this.#queue.writing = false
        })
        if (stateful) await writing
        this.#settled = processor.settled
        // The next micro-batch may be waiting for a server that is away: that must not hide the failure.
        writing.catch((error: unknown) => {
          this.stop()
          failed.abort(error)
        })
      }
    } finally {
      await writing.finally(() => this.#options.observed.close())
    }
  }

  async #process({ records, positions }: MicroBatch, signal: AbortSignal): Promise<Outbox> {
    const { processor, suspects, observed } = this.#options
    observed.begin()
    const fresh = this.#uncovered(records)
    const sifted = suspects?.sift(fresh) ?? { records: fresh, letters: [] }
    const outbox =
      sifted.records.length > 0
        ? await processor.process(sifted.records, signal)
        : await processor.punctuate(signal, await this.#idleFor(positions))
    outbox.letters.push(...sifted.letters)
    await this.#mark(outbox, positions)
    return outbox
  }

  async #idleFor(positions: readonly Position[]): Promise<number> {
    const { processor, idleness } = this.#options
    return processor.awaitsIdle && positions.length === 0 ? await idleness.for() : 0
  }

  async #commit(outbox: Outbox, batch: MicroBatch): Promise<void> {
    const { checkpoint, suspects, name, signal, observed, processor, events } = this.#options
    await processor.pace.allow(outbox, signal)
    try {
      await observed.commit(batch, () => checkpoint(outbox, batch.positions, signal))
    } catch (error) {
      if (suspects === undefined || !isRefusal(error) || !suspects.refused(name, batch, error)) throw error
      throw new MillraceError('FENCED', `a transaction was refused: ${error.message}`, { cause: error })
    }
    suspects?.committed(name, batch)
    events?.committed(name, batch.records.length, batch.positions)
  }

  /** What the state has not counted before: a crash came between saving it and committing. */
  #uncovered(records: readonly RawRecord[]): readonly RawRecord[] {
    const { processor, covered, counters } = this.#options
    if (covered.size === 0) return records
    return records.filter(({ topic, offset }) => {
      const known = offset < (covered.get(topic) ?? 0)
      if (known) counters.add(processor.stepOf(topic), 'covered')
      return !known
    })
  }

  /** Says how far it is to those that wait for it. */
  async #mark(outbox: Outbox, positions: readonly Position[]): Promise<void> {
    const { processor, partitionsOf, idleness } = this.#options
    if (positions.length > 0) idleness.read(positions)
    if (!processor.waitedFor || performance.now() - this.#marked < TICK) return
    this.#marked = performance.now()
    outbox.markers.push(...processor.markers(partitionsOf, await idleness.now()))
  }
}
