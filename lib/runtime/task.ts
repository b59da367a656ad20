import { retrying } from '../backoff.ts'
import { isRetriable, messageOf } from '../errors.ts'
import { atMostEvery } from '../log.ts'
import type { TopicSerdes } from '../operators/sink.ts'
import type { StepRuntime } from '../operators/step.ts'
import type { FetchedBatch } from '../ports.ts'
import type { RawRecord, TopicPartition } from '../record.ts'
import type { SourceNode, Topology } from '../topology/nodes.ts'
import { checkpoint } from './checkpoint.ts'
import type { Committer } from './committer.ts'
import { type Bindings, compile, type Pipeline } from './compile.ts'
import type { Outputs } from './deliver.ts'
import { type BatchLimits, MicroBatchQueue } from './micro-batch.ts'
import { Outbox } from './outbox.ts'

export interface TaskOptions {
  readonly topology: Topology
  readonly source: SourceNode
  readonly partition: TopicPartition
  readonly bindings: Bindings
  readonly outputs: Outputs
  readonly committer: Committer
  readonly limits: BatchLimits
  readonly creditBytes: number
  readonly flow: (state: 'paused' | 'flowing') => void
  /** Ends waiting and retries; what is then unfinished is not committed. */
  readonly signal: AbortSignal
  readonly now: () => number
}

/** One partition of one source, and all that follows from it. Its life is a sequence of micro-batches. */
export class Task {
  readonly partition: TopicPartition
  readonly #options: TaskOptions
  readonly #queue: MicroBatchQueue
  readonly #serdes: TopicSerdes
  readonly #pipeline: Pipeline
  #outbox = new Outbox()

  constructor(options: TaskOptions) {
    this.partition = options.partition
    this.#options = options
    this.#queue = new MicroBatchQueue(options.limits, options.creditBytes, options.flow)
    this.#serdes = options.bindings.serdes.get(options.source)!
    this.#pipeline = compile(
      options.topology,
      options.source,
      options.bindings,
      this.#stepRuntime(),
      options.now,
    )
  }

  offer(batch: FetchedBatch): void {
    this.#queue.offer(batch)
  }

  /** Ends `run` after the micro-batch in hand; what is still queued stays uncommitted. */
  stop(): void {
    this.#queue.close()
  }

  /**
   * Poll → decode → operators → sinks acknowledged → checkpoint. While one micro-batch is written, the next is
   * processed; writes follow one another, so the order per key holds.
   */
  async run(): Promise<void> {
    let writing = Promise.resolve()
    try {
      for (let batch = await this.#queue.take(); batch !== undefined; batch = await this.#queue.take()) {
        const outbox = await this.#process(batch.records)
        await writing
        writing = this.#checkpoint(outbox, batch.next)
        writing.catch(() => this.stop())
      }
    } finally {
      await writing
    }
  }

  async #process(records: readonly RawRecord[]): Promise<Outbox> {
    await this.#ready(records)
    this.#outbox = new Outbox()
    for (const record of records) this.#pipeline.read(record)
    for (const step of this.#pipeline.waiting) await step.flush(this.#options.signal)
    this.#options.outputs.counters.add(this.#options.source.name, 'records', records.length)
    return this.#outbox
  }

  #checkpoint(outbox: Outbox, next: number): Promise<void> {
    const { outputs, committer, signal } = this.#options
    return checkpoint(outbox, this.partition, next, outputs, committer, signal)
  }

  /** Waits, as long as it takes, for the schemas of these records: a registry that is away makes no dead letters. */
  async #ready(records: readonly RawRecord[]): Promise<void> {
    const { signal, outputs, source } = this.#options
    const rarely = atMostEvery(5000)
    for (const [serde, side] of [
      [this.#serdes.key, 'key'],
      [this.#serdes.value, 'value'],
    ] as const) {
      if (serde.ready === undefined) continue
      const bytes = records.map((record) => record[side])
      const waiting = serde.ready(bytes)
      if (waiting === undefined) continue
      let first: Promise<void> | undefined = waiting
      await retrying(
        async () => {
          const promise = first ?? serde.ready?.(bytes)
          first = undefined
          await promise
        },
        {
          when: isRetriable,
          onRetry: (error) =>
            rarely(() => outputs.log.warn({ step: source.name }, `waiting for schemas: ${messageOf(error)}`)),
          signal,
        },
      )
    }
  }

  #stepRuntime(): StepRuntime {
    const { outputs } = this.#options
    return {
      refuse: (node, error, context) => {
        const letter = outputs.refusals.handle(error, { node, raw: context.raw })
        if (letter !== undefined) this.#outbox.addRecord(letter)
      },
      count: (step, what, by) => outputs.counters.add(step, what, by),
      emit: (node, record, context) => this.#outbox.addRecord(record, { node, raw: context.raw }),
      emitRow: (node, row, context) => this.#outbox.addRow(node, row, context.raw),
    }
  }
}
