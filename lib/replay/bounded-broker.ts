import type {
  Broker,
  BrokerConsumer,
  ConsumerListener,
  ConsumerOptions,
  FetchedBatch,
  Range,
} from '../broker/broker.ts'
import type { Position, RawRecord, TopicPartition } from '../record.ts'

/**
 * A broker whose topics hold, as far as they are named here, one range of each partition and nothing else: who reads to
 * the end reads to the end of the range. Partitions of these topics that have no range are empty. All else is as it is.
 *
 * `keep`: which records of the ranges are there; the others are passed over.
 */
export function boundedBroker(
  broker: Broker,
  ranges: readonly Range[],
  keep?: (record: RawRecord) => boolean,
): Broker {
  const byPlace = new Map(ranges.map((range) => [placeOf(range), range]))
  const topics = new Set(ranges.map(({ topic }) => topic))
  const endOf = (at: TopicPartition) => {
    return topics.has(at.topic) ? (byPlace.get(placeOf(at))?.to ?? 0) : Number.POSITIVE_INFINITY
  }
  const { admin } = broker
  return {
    upkeep: broker.upkeep,
    admin: {
      topics: (names) => admin.topics(names),
      createTopic: (spec) => admin.createTopic(spec),
      committed: (group, names) => admin.committed(group, names),
      offsets: async (topic) => {
        const held = await admin.offsets(topic)
        if (!topics.has(topic)) return held
        return held.map((range) => {
          const { from = range.earliest, to = range.earliest } =
            byPlace.get(placeOf({ ...range, topic })) ?? {}
          return { partition: range.partition, earliest: from, end: to }
        })
      },
    },
    consumer: (options: ConsumerOptions) => new BoundedConsumer(broker.consumer(options), endOf, keep),
    producer: (options) => broker.producer(options),
    transactions: (options) => broker.transactions(options),
    read: (asked) => broker.read(asked),
    close: () => broker.close(),
  }
}

class BoundedConsumer implements BrokerConsumer {
  readonly #inner: BrokerConsumer
  readonly #endOf: (at: TopicPartition) => number
  readonly #keep: ((record: RawRecord) => boolean) | undefined
  /** Read to the ends of their ranges: never fetched from again, whoever asks for it. */
  #finished = new Set<string>()

  constructor(
    inner: BrokerConsumer,
    endOf: (at: TopicPartition) => number,
    keep: ((record: RawRecord) => boolean) | undefined,
  ) {
    this.#inner = inner
    this.#endOf = endOf
    this.#keep = keep
  }

  start(listener: ConsumerListener): Promise<void> {
    return this.#inner.start({
      revoked: () => listener.revoked(),
      ...(listener.taking && { taking: (partitions, signal) => listener.taking!(partitions, signal) }),
      assigned: async (assignment, signal) => {
        this.#finished = new Set()
        await listener.assigned(assignment, signal)
        for (const position of assignment.positions) this.#finish(position)
      },
      batch: (batch) => this.#offer(batch, listener),
      failed: (error) => listener.failed(error),
    })
  }

  flow(partitions: readonly TopicPartition[], state: 'paused' | 'flowing'): void {
    const meant =
      state === 'paused' ? partitions : partitions.filter((one) => !this.#finished.has(placeOf(one)))
    if (meant.length > 0) this.#inner.flow(meant, state)
  }

  commit(generation: number, positions: readonly Position[]): Promise<void> {
    return this.#inner.commit(generation, positions)
  }

  retake(generation: number): void {
    this.#inner.retake(generation)
  }

  stop(): Promise<void> {
    return this.#inner.stop()
  }

  #offer(batch: FetchedBatch, listener: ConsumerListener): void {
    const end = this.#endOf(batch)
    if (this.#finished.has(placeOf(batch))) return
    const within = batch.next <= end ? batch.records : batch.records.filter(({ offset }) => offset < end)
    const records = this.#keep === undefined ? within : within.filter(this.#keep)
    listener.batch({ ...batch, records, next: Math.min(batch.next, end) })
    this.#finish({ ...batch, offset: batch.next })
  }

  #finish(at: Position): void {
    if (at.offset < this.#endOf(at)) return
    this.#finished.add(placeOf(at))
    this.#inner.flow([at], 'paused')
  }
}

function placeOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
