import type { Assignment, ConsumerListener, FetchedBatch } from '../../lib/broker/broker.ts'
import type { Position, RawRecord, TopicPartition } from '../../lib/record.ts'

/** A listener that keeps what it is told, in order, and lets a spec wait for a point of progress. */
export class Collector implements ConsumerListener {
  readonly events: string[] = []
  readonly assignments: Assignment[] = []
  readonly batches: FetchedBatch[] = []
  readonly records: RawRecord[] = []
  /** What was about to be its own, each time. */
  readonly takings: string[][] = []
  failure: unknown
  /** Called before the positions of an assignment are read. */
  beforePositions: () => Promise<void> = async () => {}
  readonly #onAssigned: () => void
  readonly #onRevoked: (collector: Collector) => Promise<void>
  readonly #waiting = new Set<() => void>()

  constructor(onAssigned = () => {}, onRevoked: (collector: Collector) => Promise<void> = async () => {}) {
    this.#onAssigned = onAssigned
    this.#onRevoked = onRevoked
  }

  async revoked(): Promise<void> {
    await this.#onRevoked(this)
    this.#note('revoked')
  }

  async taking(partitions: readonly TopicPartition[]): Promise<void> {
    await this.beforePositions()
    this.takings.push(partitions.map(({ topic, partition }) => `${topic}/${partition}`))
  }

  async assigned(assignment: Assignment): Promise<void> {
    this.#onAssigned()
    this.assignments.push(assignment)
    this.#note('assigned')
  }

  batch(batch: FetchedBatch): void {
    this.batches.push(batch)
    this.records.push(...batch.records)
    this.#note('batch')
  }

  failed(error: unknown): void {
    this.failure = error
    this.#note('failed')
  }

  /** Resolves as soon as it holds; rejects with what the consumer failed with. */
  async until(holds: (collector: this) => boolean): Promise<void> {
    while (!holds(this)) {
      if (this.failure !== undefined) throw this.failure
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  /** Resolves with what the consumer failed with. */
  async untilFailed(): Promise<unknown> {
    while (this.failure === undefined) await new Promise<void>((resolve) => this.#waiting.add(resolve))
    return this.failure
  }

  get generation(): number {
    return this.assignments.at(-1)?.generation ?? 0
  }

  get owned(): string[] {
    return (this.assignments.at(-1)?.positions ?? []).map(({ topic, partition }) => `${topic}/${partition}`)
  }

  /** The positions after all that has come. */
  get positions(): Position[] {
    const next = new Map<string, Position>()
    for (const { topic, partition, next: offset } of this.batches) {
      next.set(`${topic}/${partition}`, { topic, partition, offset })
    }
    return [...next.values()]
  }

  get values(): string[] {
    return this.records.map(({ value }) => String(value))
  }

  #note(event: string): void {
    this.events.push(event)
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}
