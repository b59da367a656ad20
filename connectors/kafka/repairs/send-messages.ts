import { setTimeout as delay } from 'node:timers/promises'
import { groupMessagesPerPartition } from './group-messages.ts'

/** A message whose partition is chosen. */
type Message = object

interface TopicMessages {
  readonly topic: string
  readonly messages: readonly Message[]
}

interface PartitionEntry {
  readonly partition: number
  readonly messages: readonly Message[]
  firstSequence?: number
}

interface TopicData {
  readonly topic: string
  readonly partitions: PartitionEntry[]
}

interface Written {
  readonly topicName: string
  readonly partition: number
}

export interface Broker {
  readonly nodeId: string
  produce(request: object): Promise<ProduceResponse>
}

interface ProduceResponse {
  readonly topics: readonly {
    readonly topicName: string
    readonly partitions: readonly { readonly partition: number }[]
  }[]
}

/** The parts of kafkajs that a producer sends through. */
export interface SendMessagesOptions {
  readonly logger: { error(message: string, more?: object): void }
  readonly cluster: {
    isConnected(): boolean
    connect(): Promise<void>
    refreshMetadata(): Promise<void>
    refreshMetadataIfNecessary(): Promise<void>
    addMultipleTargetTopics(topics: readonly string[]): Promise<void>
    findTopicPartitionMetadata(topic: string): readonly unknown[]
    findLeaderForPartitions(topic: string, partitions: readonly string[]): Record<string, number[]>
    findBroker(wanted: { nodeId: string }): Promise<Broker>
    removeBroker(address: { host: string; port: number }): void
  }
  readonly partitioner: (choice: { message: Message }) => number
  readonly eosManager: {
    isTransactional(): boolean
    getTransactionalId(): string
    getProducerId(): unknown
    getProducerEpoch(): number
    getSequence(topic: string, partition: number): number
    updateSequence(topic: string, partition: number, increment: number): void
    addPartitionsToTransaction(data: readonly TopicData[]): Promise<void>
    acquireBrokerLock(broker: Broker): Promise<void>
    releaseBrokerLock(broker: Broker): void
  }
  readonly retrier: <T>(attempt: (bail: (error: unknown) => void) => Promise<T>) => Promise<T>
}

const SOON_MS = 2
const SOON_ATTEMPTS = 20

interface Batch {
  readonly acks: number
  readonly timeout?: number
  readonly compression?: number
  readonly topicMessages: readonly TopicMessages[]
}

interface SendError {
  readonly type?: string
  readonly name: string
  readonly message: string
  readonly retriable?: boolean
  readonly host?: string
  readonly port?: number
}

/**
 * kafkajs' producer/sendMessages. Where several brokers are written to and one fails, the stock one tries again while
 * the others are still at it, with the sequence numbers that follow: what these acknowledge is then written twice, and
 * no broker can tell. It also takes a broker that has answered for done, though it leads another partition by now.
 * Here all have ended before the next attempt, and what is not acknowledged is sent again, by partition.
 */
export function sendMessagesOf(noMetadata: NoMetadata) {
  return (parts: SendMessagesOptions) => (batch: Batch) => {
    const sending = new Sending(parts, batch, noMetadata)
    return parts.retrier((bail) => sending.attempt(bail))
  }
}

type NoMetadata = new (message: string) => Error

class Sending {
  readonly #parts: SendMessagesOptions
  readonly #batch: Batch
  readonly #noMetadata: NoMetadata
  /** By topic and partition. */
  readonly #written = new Map<string, Written>()

  constructor(parts: SendMessagesOptions, batch: Batch, noMetadata: NoMetadata) {
    this.#parts = parts
    this.#batch = batch
    this.#noMetadata = noMetadata
  }

  async attempt(bail: (error: unknown) => void): Promise<Written[]> {
    await this.#parts.cluster.addMultipleTargetTopics(this.#batch.topicMessages.map(({ topic }) => topic))
    try {
      const requests = [...(await this.#outstanding())].map(([broker, data]) => this.#produce(broker, data))
      const failed = (await Promise.allSettled(requests)).find(({ status }) => status === 'rejected')
      if (failed?.status === 'rejected') throw failed.reason
    } catch (error) {
      await this.#prepareNext(error as SendError, bail)
    }
    return [...this.#written.values()]
  }

  /** What is not acknowledged, by the broker that leads it now. */
  async #outstanding(): Promise<Map<Broker, TopicData[]>> {
    const { cluster, partitioner } = this.#parts
    await cluster.refreshMetadataIfNecessary()
    const byBroker = new Map<Broker, TopicData[]>()
    for (const { topic, messages } of this.#batch.topicMessages) {
      const partitionMetadata = cluster.findTopicPartitionMetadata(topic)
      if (partitionMetadata.length === 0) throw new this.#noMetadata('Producing to topic without metadata')
      const groups = groupMessagesPerPartition({ topic, partitionMetadata, messages, partitioner })
      const wanted = Object.keys(groups).filter((partition) => !this.#written.has(`${topic}/${partition}`))
      for (const [nodeId, led] of Object.entries(cluster.findLeaderForPartitions(topic, wanted))) {
        const partitions = led.map((partition) => ({ partition, messages: groups[partition]! }))
        const broker = await cluster.findBroker({ nodeId })
        byBroker.set(broker, [...(byBroker.get(broker) ?? []), { topic, partitions }])
      }
    }
    return byBroker
  }

  async #produce(broker: Broker, topicData: readonly TopicData[]): Promise<void> {
    const { eosManager } = this.#parts
    await eosManager.acquireBrokerLock(broker)
    try {
      const transactional = eosManager.isTransactional()
      if (transactional) await this.#addPartitions(topicData)
      const { acks, timeout, compression } = this.#batch
      const { topics } = await this.#numbered(topicData, () =>
        broker.produce({
          transactionalId: transactional ? eosManager.getTransactionalId() : undefined,
          producerId: eosManager.getProducerId(),
          producerEpoch: eosManager.getProducerEpoch(),
          ...{ acks, timeout, compression, topicData },
        }),
      )
      for (const { topicName, partitions } of topics)
        for (const one of partitions)
          this.#written.set(`${topicName}/${one.partition}`, { topicName, ...one })
    } finally {
      eosManager.releaseBrokerLock(broker)
    }
  }

  /** Between two transactions the markers of the first are being written: it takes a few milliseconds. */
  async #addPartitions(topicData: readonly TopicData[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#parts.eosManager.addPartitionsToTransaction(topicData)
      } catch (error) {
        if (attempt === SOON_ATTEMPTS || (error as SendError).type !== 'CONCURRENT_TRANSACTIONS') throw error
        await delay(SOON_MS)
      }
    }
  }

  /** A broker that has written what failed knows it by its numbers, when it comes again. */
  async #numbered<T>(topicData: readonly TopicData[], write: () => Promise<T>): Promise<T> {
    const { eosManager } = this.#parts
    const entries = topicData.flatMap(({ topic, partitions }) =>
      partitions.map((entry) => ({ topic, entry })),
    )
    for (const { topic, entry } of entries) {
      entry.firstSequence = eosManager.getSequence(topic, entry.partition)
      eosManager.updateSequence(topic, entry.partition, entry.messages.length)
    }
    try {
      return await write()
    } catch (error) {
      for (const { topic, entry } of entries)
        eosManager.updateSequence(topic, entry.partition, -entry.messages.length)
      throw error
    }
  }

  /** Rejects with what failed, for another attempt; gives up what none can cure. */
  async #prepareNext(error: SendError, bail: (error: unknown) => void): Promise<void> {
    const { logger, cluster } = this.#parts
    logger.error(`Failed to send messages: ${error.message}`)
    if (error.name === 'KafkaJSConnectionClosedError')
      cluster.removeBroker({ host: error.host!, port: error.port! })
    const connected = cluster.isConnected()
    if (connected && error.retriable !== true) {
      bail(error)
      return
    }
    if (!connected) await cluster.connect()
    await cluster.refreshMetadata()
    throw error
  }
}
