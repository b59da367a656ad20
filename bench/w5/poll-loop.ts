/**
 * W5 as people write it with the stock clients and nothing else: ask for the rows behind the last one, send them, go on.
 * It is kinder to itself than it may be: rows of a transaction that commits late are left out, deletions unseen.
 */
import { setTimeout as delay } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import pg from 'pg'
import { TABLE } from './staging.ts'

const { BROKERS, OUTPUT, DATABASE_URL } = process.env as Record<string, string>
const AT_A_TIME = 1_000
const PAUSE_MS = 100

const { Kafka, Partitioners, logLevel } = kafkajs
const kafka = new Kafka({ brokers: BROKERS!.split(','), clientId: 'bench', logLevel: logLevel.ERROR })
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
const database = new pg.Client({ connectionString: DATABASE_URL! })
let [last, stopped] = ['0', false]
process.once('SIGTERM', () => {
  stopped = true
})

await Promise.all([producer.connect(), database.connect()])
while (!stopped) {
  const { rows } = await database.query(
    `SELECT id, payload::text, fetched_at FROM ${TABLE} WHERE id > $1 ORDER BY id LIMIT ${AT_A_TIME}`,
    [last],
  )
  if (rows.length === 0) {
    await delay(PAUSE_MS)
    continue
  }
  const messages = rows.map(({ payload, fetched_at: at }) => {
    return { key: JSON.parse(payload).login.uuid, value: payload, timestamp: String(at.getTime()) }
  })
  await producer.send({ topic: OUTPUT!, acks: -1, messages })
  last = rows.at(-1).id
}
await producer.disconnect()
await database.end()
