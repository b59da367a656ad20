import type { CompressionTypes, Producer } from 'kafkajs'
import type { BrokerAdmin, BrokerProducer, ProducerOptions } from '../../lib/broker/broker.ts'
import { PartitionChoice, type PlacedRecord } from '../../lib/broker/partition-choice.ts'
import { WriteQueue } from '../../lib/broker/write-queue.ts'
import { MillraceError } from '../../lib/errors.ts'
import type { OutRecord } from '../../lib/record.ts'
import { SHRINK } from './batch-limits.ts'
import { type Client, openClient } from './client.ts'
import { kafkaError } from './errors.ts'
import {
  ALL_IN_SYNC_REPLICAS,
  COMPRESSION,
  chosenPartition,
  isDivisible,
  isTooLarge,
  requireAll,
  tooLarge,
  topicMessages,
  topicOf,
} from './messages.ts'
import type { KafkaSettings } from './options.ts'
import { CachedPartitionCounts } from './partition-counts.ts'
import { within } from './reach.ts'
import { BATCH_BYTES, type ProduceRequest, requestsOf } from './requests.ts'

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
      if (!isTooLarge(error)) throw kafkaError(error, 'writing', topicOf(request))
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
