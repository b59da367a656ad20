import type { FetchedBatch } from '../ports.ts'
import type { Position, TopicPartition } from '../record.ts'
import { checkpoint } from './checkpoint.ts'
import type { Committer } from './committer.ts'
import type { Outputs } from './deliver.ts'
import { type BatchLimits, MicroBatchQueue } from './micro-batch.ts'
import type { Outbox } from './outbox.ts'
import type { Processor } from './processor.ts'

export interface TaskOptions {
  /** The partitions it reads: the same one of each of its topics. */
  readonly inputs: readonly TopicPartition[]
  readonly processor: Processor
  readonly outputs: Outputs
  readonly committer: Committer
  readonly limits: BatchLimits
  /** Fetched and unprocessed bytes of one input beyond which its fetching pauses. */
  readonly creditBytes: number
  readonly flow: (input: TopicPartition, state: 'paused' | 'flowing') => void
  /** Ends waiting and retries; what is then unfinished is not committed. */
  readonly signal: AbortSignal
}

/** One partition of a sub-topology's inputs, and all that follows from it. Its life is a sequence of micro-batches. */
export class Task {
  readonly #options: TaskOptions
  readonly #queue: MicroBatchQueue

  constructor(options: TaskOptions) {
    this.#options = options
    this.#queue = new MicroBatchQueue(options.inputs, options.limits, options.creditBytes, options.flow)
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
    const { processor, signal } = this.#options
    const failed = new AbortController()
    const either = AbortSignal.any([signal, failed.signal])
    let writing = Promise.resolve()
    try {
      for (let batch = await this.#queue.take(); batch !== undefined; batch = await this.#queue.take()) {
        const outbox = await processor.process(batch.records, either)
        await writing
        writing = this.#checkpoint(outbox, batch.positions)
        // The next micro-batch may be waiting for a server that is away: that must not hide the failure.
        writing.catch((error: unknown) => {
          this.stop()
          failed.abort(error)
        })
      }
    } finally {
      await writing
    }
  }

  #checkpoint(outbox: Outbox, positions: readonly Position[]): Promise<void> {
    const { outputs, committer, signal } = this.#options
    return checkpoint(outbox, positions, outputs, committer, signal)
  }
}
