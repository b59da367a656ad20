import kafkajs from 'kafkajs'
import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import { headerOf } from '../../lib/record.ts'
import { PARTITIONS } from '../race/contestant.ts'

export interface Message {
  readonly number: number
  readonly value: string
  /** When it was sent. Milliseconds since 1970. */
  readonly sent: string
}

/** What the driver writes and reads with. */
export interface Clients {
  send(messages: readonly Message[]): Promise<void>
  /** Resolves when it reads; `took` is told of each message that comes, and how long it took. */
  read(took: (number: number, milliseconds: number) => void): Promise<void>
}

const SENT = 'sent'

/** The stock client. */
export async function kafkaClients(
  brokers: readonly string[],
  input: string,
  output: string,
): Promise<Clients> {
  const { Kafka, logLevel } = kafkajs
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'driver', logLevel: logLevel.ERROR })
  const producer = kafka.producer()
  const consumer = kafka.consumer({ groupId: `${output}-reader`, maxWaitTimeInMs: 100 })
  await Promise.all([producer.connect(), consumer.connect()])
  return {
    async send(messages) {
      const sent = messages.map(({ number, value, sent }) => {
        return { key: String(number), partition: number % PARTITIONS, value, headers: { [SENT]: sent } }
      })
      await producer.send({ topic: input, acks: -1, messages: sent })
    },
    async read(took) {
      await consumer.subscribe({ topics: [output], fromBeginning: true })
      const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
      await consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          const now = clock()
          for (const { headers, key } of batch.messages) took(Number(key), now - Number(headers?.[SENT]))
        },
      })
      await joined
    },
  }
}

/** Of the log in this folder, which another process may own. */
export async function embeddedClients(dir: string, input: string, output: string): Promise<Clients> {
  const broker = await openEmbeddedBroker({ dir })
  const producer = await broker.producer({ clientId: 'driver' })
  const consumer = broker.consumer({ group: `${output}-reader`, topics: [output], startAt: 'earliest' })
  return {
    async send(messages) {
      const sent = messages.map(({ number, value, sent }) => ({
        topic: input,
        partition: number % PARTITIONS,
        key: Buffer.from(String(number)),
        value: Buffer.from(value),
        timestamp: Date.now(),
        headers: [[SENT, Buffer.from(sent)]] as const,
      }))
      await producer.send(sent)
    },
    async read(took) {
      const joined = Promise.withResolvers<void>()
      await consumer.start({
        revoked: async () => {},
        assigned: async () => joined.resolve(),
        batch: ({ records }) => {
          const now = clock()
          for (const { headers, key } of records) took(Number(key), now - Number(headerOf(headers, SENT)))
        },
        failed: joined.reject,
      })
      await joined.promise
    },
  }
}

/** Finer than `Date.now()`, and the same in all processes. */
export function clock(): number {
  return performance.timeOrigin + performance.now()
}
