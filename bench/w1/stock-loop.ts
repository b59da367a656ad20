/** W1 as people write it with the stock client and nothing else: read a batch, do the work, send, go on. */
import kafkajs from 'kafkajs'
import { cleansed, isComplete } from './cleanse.ts'

const { BROKERS, INPUT, OUTPUT, RECORDS, APPLICATION } = process.env as Record<string, string>

const { Kafka, Partitioners, logLevel } = kafkajs
const kafka = new Kafka({ brokers: BROKERS!.split(','), clientId: 'bench', logLevel: logLevel.ERROR })
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
const consumer = kafka.consumer({ groupId: APPLICATION!, maxBytesPerPartition: 1 << 20 })
const done = Promise.withResolvers<void>()
let seen = 0

await Promise.all([producer.connect(), consumer.connect()])
await consumer.subscribe({ topics: [INPUT!], fromBeginning: true })
await consumer.run({
  partitionsConsumedConcurrently: 4,
  autoCommitInterval: 1000,
  eachBatch: async ({ batch, heartbeat }) => {
    const messages = batch.messages.flatMap(({ key, value, timestamp }) => {
      const user = JSON.parse(String(value))
      return isComplete(user) ? [{ key, value: JSON.stringify(cleansed(user)), timestamp }] : []
    })
    await producer.send({ topic: OUTPUT!, acks: -1, messages })
    await heartbeat()
    seen += batch.messages.length
    if (seen >= Number(RECORDS)) done.resolve()
  },
})
await done.promise
await consumer.disconnect()
await producer.disconnect()
