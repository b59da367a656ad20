import { readFileSync } from 'node:fs'
import avro from 'avsc'
import { stockKafkajs } from '../../connectors/kafka/stock-kafkajs.ts'
import { type DerivedUser, derivedUser, numbersOf, type Version } from './derived-users.ts'

const TOPIC = 'users.raw'
const AT_ONCE = 5000

const schema = JSON.parse(
  readFileSync(new URL('../../../schemas/random-user.v1.avsc', import.meta.url), 'utf8'),
)
const type = avro.Type.forSchema(schema)

/** Where the first version of each user is. */
export interface Places {
  readonly partitions: Uint8Array
  readonly offsets: Uint32Array
}

/**
 * `users.raw` as a plain client writes it, in the wire format of the registry: nothing of lib/ is in it, nor of our
 * repairs, which other specs have made to the kafkajs of this process.
 */
export async function openRawTopic(env: Readonly<Record<string, string>>) {
  const { Kafka, logLevel, Partitioners } = stockKafkajs()
  const kafka = new Kafka({ brokers: env.KAFKA_BROKERS!.split(','), logLevel: logLevel.NOTHING })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  const admin = kafka.admin()
  await Promise.all([producer.connect(), admin.connect()])
  const { topics } = await admin.fetchTopicMetadata({ topics: [TOPIC] })
  const partitionMetadata = topics[0]!.partitions
  await admin.disconnect()
  const answer = await fetch(`${env.SCHEMA_REGISTRY_URL}/subjects/${TOPIC}-value/versions/latest`)
  const { id } = (await answer.json()) as { id: number }
  const header = Buffer.alloc(5)
  header.writeUInt32BE(id, 1)
  const choose = Partitioners.DefaultPartitioner()
  const messageOf = (user: DerivedUser) => {
    const key = Buffer.from(user.payload.login.uuid)
    const partition = choose({ topic: TOPIC, partitionMetadata, message: { key, value: null } })
    const value = { ...user.payload, run_id: user.runId }
    const body = type.toBuffer(shaped(schema, value))
    return { key, value: Buffer.concat([header, body]), timestamp: String(user.fetchedAt), partition }
  }
  return {
    /** Into a topic that is empty, so that the places are known. */
    async fill(users: number, spacing: number): Promise<Places> {
      const places = { partitions: new Uint8Array(users), offsets: new Uint32Array(users) }
      const ends = partitionMetadata.map(() => 0)
      let messages: ReturnType<typeof messageOf>[] = []
      for (const n of numbersOf('first', users)) {
        const message = messageOf(derivedUser(n, 'first', spacing))
        places.partitions[n] = message.partition
        places.offsets[n] = ends[message.partition]!++
        messages.push(message)
        if (messages.length < AT_ONCE && n < users - 1) continue
        await producer.send({ topic: TOPIC, messages })
        messages = []
      }
      return places
    },
    async add(version: Version, users: number): Promise<void> {
      const messages = [...numbersOf(version, users)].map((n) => messageOf(derivedUser(n, version, 0)))
      for (let from = 0; from < messages.length; from += AT_ONCE) {
        await producer.send({ topic: TOPIC, messages: messages.slice(from, from + AT_ONCE) })
      }
    },
    close: () => producer.disconnect(),
  }
}

interface RecordSchema {
  readonly fields: readonly { readonly name: string; readonly type: unknown }[]
}

/** What the schema names, absent values as null. */
function shaped({ fields }: RecordSchema, value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    fields.map(({ name, type }) => {
      const given = value[name] ?? null
      const nested = [type].flat().find((one): one is RecordSchema => typeof one === 'object' && one !== null)
      return [name, nested === undefined || given === null ? given : shaped(nested, given as never)]
    }),
  )
}
