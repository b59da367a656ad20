/** W4 as people write it with the stock clients and nothing else: read a batch, write its rows side by side, go on. */
import { Client, concurrent } from 'cassandra-driver'
import kafkajs from 'kafkajs'
import { cleansed, isComplete } from '../w1/cleanse.ts'
import { COLUMNS, rowOf, TABLE } from './columns.ts'

const { BROKERS, INPUT, RECORDS, APPLICATION, CASSANDRA_CONTACT_POINTS, CASSANDRA_KEYSPACE } =
  process.env as Record<string, string>
const names = Object.keys(COLUMNS)
const insert = `INSERT INTO ${TABLE} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`

const { Kafka, logLevel } = kafkajs
const kafka = new Kafka({ brokers: BROKERS!.split(','), clientId: 'bench', logLevel: logLevel.ERROR })
const consumer = kafka.consumer({ groupId: APPLICATION! })
const cassandra = new Client({
  contactPoints: CASSANDRA_CONTACT_POINTS!.split(','),
  localDataCenter: 'datacenter1',
  keyspace: CASSANDRA_KEYSPACE!,
})
const done = Promise.withResolvers<void>()
let seen = 0

await Promise.all([cassandra.connect(), consumer.connect()])
await consumer.subscribe({ topics: [INPUT!], fromBeginning: true })
await consumer.run({
  eachBatch: async ({ batch, heartbeat }) => {
    const rows = batch.messages.flatMap(({ value }) => {
      const user = JSON.parse(String(value))
      return isComplete(user) ? [Object.values(rowOf(cleansed(user)))] : []
    })
    // 100 of them at once, by default.
    await concurrent.executeConcurrent(cassandra, insert, rows, { raiseOnFirstError: true })
    await heartbeat()
    seen += batch.messages.length
    if (seen >= Number(RECORDS)) done.resolve()
  },
})
await done.promise
await consumer.disconnect()
await cassandra.shutdown()
