import type { CompressionTypes, IHeaders, Producer, RecordMetadata, TopicMessages } from 'kafkajs'
import { PartitionChoice, type PlacedRecord } from '../../lib/broker/partition-choice.ts'
import { recordSize } from '../../lib/broker/record-size.ts'
import { WriteQueue } from '../../lib/broker/write-queue.ts'
import { MillraceError } from '../../lib/errors.ts'
import type { BrokerAdmin, BrokerProducer, ProducerOptions } from '../../lib/ports.ts'
import type { Headers, OutRecord } from '../../lib/record.ts'
import { type Client, openClient } from './client.ts'
import { kafkaError, protocolTypeOf } from './errors.ts'
import type { KafkaSettings } from './options.ts'
import { CachedPartitionCounts } from './partition-counts.ts'
import { within } from './reach.ts'
import { BATCH_BYTES, type ProduceRequest, partitionKey, requestsOf } from './requests.ts'

const COMPRESSION = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const
const ALL_IN_SYNC_REPLICAS = -1
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])
/** By how much batches shrink when the topic takes less than Kafka's default. */
const SHRINK = 8
/** For a producer that has been connected once: `send` shall reject soon, so that its caller decides. */
const RECONNECT_MS = 5_000

interface Connected {
  readonly client: Client
  readonly producer: Producer
}

/**
 * An idempotent producer of kafkajs, thrown away at the first error: what its sequence numbers then mean is not known
 * any more. So a retry inside one attempt writes nothing twice; a `send` that is repeated after a rejection may.
 */
export class KafkaProducer implements BrokerProducer {
  readonly #settings: KafkaSettings
  readonly #compression: CompressionTypes
  readonly #choice: PartitionChoice
  readonly #queue = new WriteQueue((records) => this.#write(records))
  #connected: Connected | undefined
  #connecting: Client | undefined
  #closed = false

  constructor(settings: KafkaSettings, admin: BrokerAdmin, options: ProducerOptions) {
    this.#settings = { ...settings, clientId: options.clientId ?? settings.clientId }
    this.#compression = COMPRESSION[options.compression ?? 'none']
    this.#choice = new PartitionChoice(new CachedPartitionCounts(admin, settings.timing.metadataMaxAge))
  }

  async connect(): Promise<void> {
    await this.#producer(this.#settings)
  }

  async send(records: readonly OutRecord[]): Promise<void> {
    if (this.#closed) throw new MillraceError('INTERNAL', 'send() on a closed Kafka producer')
    if (records.length > 0) await this.#queue.add(await this.#choice.place(records))
  }

  async close(): Promise<void> {
    this.#closed = true
    await within(this.#settings.timing.goodbye, () => this.#queue.idle()).catch(() => {})
    this.#connecting?.sever()
    await this.#discard()
  }

  async #write(records: readonly PlacedRecord[]): Promise<void> {
    for (const request of requestsOf(records)) await this.#produce(request, BATCH_BYTES)
  }

  async #produce(request: ProduceRequest, batchBytes: number): Promise<void> {
    const producer = await this.#producer({ ...this.#settings, connectTimeoutMs: RECONNECT_MS })
    try {
      const produced = await producer.sendBatch({
        topicMessages: topicMessages(request),
        acks: ALL_IN_SYNC_REPLICAS,
        compression: this.#compression,
      })
      requireAll(request, produced)
    } catch (error) {
      await this.#discard()
      if (!TOO_LARGE.has(protocolTypeOf(error) ?? '')) throw kafkaError(error, 'writing', topicOf(request))
      if (!isDivisible(request)) throw tooLarge(request)
      const smaller = Math.ceil(batchBytes / SHRINK)
      for (const part of requestsOf(request.records, smaller)) await this.#produce(part, smaller)
    }
  }

  async #producer(settings: KafkaSettings): Promise<Producer> {
    if (this.#connected !== undefined) return this.#connected.producer
    const client = openClient(settings)
    this.#connecting = client
    const producer = client.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      metadataMaxAge: this.#settings.timing.metadataMaxAge,
      createPartitioner: () => chosenPartition,
    })
    try {
      await client.reach(() => producer.connect())
    } catch (error) {
      client.sever()
      throw error
    } finally {
      this.#connecting = undefined
    }
    this.#connected = { client, producer }
    return producer
  }

  async #discard(): Promise<void> {
    const connected = this.#connected
    this.#connected = undefined
    if (connected === undefined) return
    await within(this.#settings.timing.goodbye, () => connected.producer.disconnect()).catch(() => {})
    connected.client.sever()
  }
}

/** kafkajs asks again at every retry; a keyless record would move, and be written twice. */
function chosenPartition({ message }: { message: { partition?: number } }): number {
  return message.partition!
}

function topicMessages(request: ProduceRequest): TopicMessages[] {
  const byTopic = new Map<string, TopicMessages>()
  for (const record of request.records) {
    const topic = byTopic.get(record.topic) ?? { topic: record.topic, messages: [] }
    byTopic.set(record.topic, topic)
    topic.messages.push({
      partition: record.partition,
      key: record.key,
      value: record.value,
      // As a string: kafkajs takes a numeric 0 for "now".
      timestamp: String(record.timestamp),
      headers: asClientHeaders(record.headers),
    })
  }
  return [...byTopic.values()]
}

/** The repaired record encoder takes our headers as they are; kafkajs' types do not know that. */
function asClientHeaders(headers: Headers): IHeaders {
  return headers as unknown as IHeaders
}

/** After a change of leader `sendBatch` may resolve without having written some of the partitions. */
function requireAll(request: ProduceRequest, produced: readonly RecordMetadata[]): void {
  const written = new Set(
    produced.map(({ topicName, partition }) => partitionKey({ topic: topicName, partition })),
  )
  const missing = [...request.batches.keys()].filter((key) => !written.has(key))
  if (missing.length === 0) return
  throw new MillraceError('UNREACHABLE', `Kafka did not acknowledge what was sent to ${missing.join(', ')}`)
}

function isDivisible(request: ProduceRequest): boolean {
  return [...request.batches.values()].some((batch) => batch.length > 1)
}

function tooLarge(request: ProduceRequest): MillraceError {
  const largest = request.records.reduce((a, b) => (recordSize(a) >= recordSize(b) ? a : b))
  return new MillraceError(
    'WRITE',
    `A record of ${recordSize(largest)} bytes is too large for topic ${largest.topic}: raise its max.message.bytes, ` +
      'or write smaller records',
    { topic: largest.topic, partition: largest.partition },
  )
}

function topicOf(request: ProduceRequest): { topic?: string } {
  const topics = new Set(request.records.map(({ topic }) => topic))
  return topics.size === 1 ? { topic: request.records[0]!.topic } : {}
}
