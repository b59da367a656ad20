import { randomUUID } from 'node:crypto'
import type { Broker, BrokerConsumer, ConsumerOptions, FetchedBatch, Range } from '../../lib/broker/broker.ts'
import { NO_HEADERS, type OutRecord, type RawRecord } from '../../lib/record.ts'
import { Collector } from './collector.ts'

export function uniqueName(kind: string): string {
  return `${kind}-${randomUUID().slice(0, 8)}`
}

export function record(topic: string, value: string, more: Partial<OutRecord> = {}): OutRecord {
  return {
    topic,
    key: null,
    value: Buffer.from(value),
    timestamp: 1_700_000_000_000,
    headers: NO_HEADERS,
    ...more,
  }
}

export function numbered(topic: string, count: number, more: Partial<OutRecord> = {}): OutRecord[] {
  return Array.from({ length: count }, (_, i) => record(topic, String(i), more))
}

type ConsumeOptions = Pick<ConsumerOptions, 'group' | 'topics'> & Partial<ConsumerOptions>

/** What the cases do with a broker, said shortly; closes what it opened. */
export class BrokerHarness {
  readonly broker: Broker
  readonly #consumers: BrokerConsumer[] = []

  constructor(broker: Broker) {
    this.broker = broker
  }

  async topic(partitions = 1): Promise<string> {
    const topic = uniqueName('conformance')
    await this.broker.admin.createTopic({ topic, partitions })
    return topic
  }

  async produce(records: readonly OutRecord[]): Promise<void> {
    const producer = await this.broker.producer({})
    try {
      await producer.send(records)
    } finally {
      await producer.close()
    }
  }

  consumer(options: ConsumeOptions): BrokerConsumer {
    const consumer = this.broker.consumer({ startAt: 'earliest', ...options })
    this.#consumers.push(consumer)
    return consumer
  }

  /** A started consumer and what it is told. */
  async consume(options: ConsumeOptions): Promise<{ consumer: BrokerConsumer; seen: Collector }> {
    const consumer = this.consumer(options)
    return { consumer, seen: await this.collect(consumer) }
  }

  /** Starts a consumer. */
  async collect(consumer: BrokerConsumer): Promise<Collector> {
    const seen = new Collector()
    await consumer.start(seen)
    return seen
  }

  /** A started consumer whose partition 0 is paused from the beginning. */
  async consumePaused(options: ConsumeOptions): Promise<{ consumer: BrokerConsumer; seen: Collector }> {
    const consumer = this.consumer(options)
    const seen = new Collector(() =>
      consumer.flow(
        options.topics.map((topic) => ({ topic, partition: 0 })),
        'paused',
      ),
    )
    await consumer.start(seen)
    return { consumer, seen }
  }

  /** All that a topic holds. */
  async readAll(topic: string): Promise<RawRecord[]> {
    const offsets = await this.broker.admin.offsets(topic)
    return this.read(
      offsets.map(({ partition, earliest, end }) => ({ topic, partition, from: earliest, to: end })),
    )
  }

  async read(ranges: readonly Range[]): Promise<RawRecord[]> {
    return (await this.readBatches(ranges)).flatMap(({ records }) => records)
  }

  async readBatches(ranges: readonly Range[]): Promise<FetchedBatch[]> {
    const batches: FetchedBatch[] = []
    for await (const batch of this.broker.read(ranges)) batches.push(batch)
    return batches
  }

  async stopConsumers(): Promise<void> {
    await Promise.all(this.#consumers.splice(0).map((consumer) => consumer.stop()))
  }
}
