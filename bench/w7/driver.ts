/**
 * Writes users at a steady rate, each with the time at which it was sent, and reads what becomes of them: a process of
 * its own, so that nothing but the clients takes its time. Says on standard output how long each took, as JSON.
 */
import kafkajs from 'kafkajs'
import { PARTITIONS } from '../race/contestant.ts'
import { wholeUsers } from '../users.ts'

const { BROKERS, INPUT, OUTPUT, RATE, WARM_UP_S, SECONDS } = process.env as Record<string, string>
const SENT = 'sent'
const TICK_MS = 5
/** For the last ones, behind the end of the writing. */
const PATIENCE_MS = 30_000
const people = wholeUsers(50).map((user) => JSON.stringify(user))

const { Kafka, logLevel } = kafkajs
const kafka = new Kafka({ brokers: BROKERS!.split(','), clientId: 'driver', logLevel: logLevel.ERROR })
const producer = kafka.producer()
const consumer = kafka.consumer({ groupId: `${OUTPUT}-reader`, maxWaitTimeInMs: 100 })
const warmUp = Number(RATE) * Number(WARM_UP_S)
const total = warmUp + Number(RATE) * Number(SECONDS)
const latencies = new Float64Array(total).fill(Number.NaN)
const all = Promise.withResolvers<void>()
let received = 0

await Promise.all([producer.connect(), consumer.connect()])
await consumer.subscribe({ topics: [OUTPUT!], fromBeginning: true })
const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch }) => {
    const now = performance.timeOrigin + performance.now()
    for (const { headers, key } of batch.messages) {
      const n = Number(key)
      if (Number.isNaN(latencies[n])) received++
      latencies[n] = now - Number(headers?.[SENT])
    }
    if (received === total) all.resolve()
  },
})
await joined
await write()
setTimeout(all.resolve, PATIENCE_MS).unref()
await all.promise
const known = latencies.subarray(warmUp).filter((latency) => !Number.isNaN(latency))
// A pipe takes it bit by bit.
process.stdout.write(JSON.stringify({ missing: total - received, latencies: [...known] }), () =>
  process.exit(),
)

/** As many as are due by now; what a slow broker puts off is still sent, and counts from when it was. */
async function write(): Promise<void> {
  const begun = performance.now()
  const writing: Promise<unknown>[] = []
  for (let n = 0; n < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) * Number(RATE)) / 1000))
    if (due > n) {
      const sent = String(performance.timeOrigin + performance.now())
      const messages = Array.from({ length: due - n }, (_, i) => ({
        key: String(n + i),
        partition: (n + i) % PARTITIONS,
        value: people[(n + i) % people.length]!,
        headers: { [SENT]: sent },
      }))
      writing.push(producer.send({ topic: INPUT!, acks: -1, messages }))
      n = due
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
  await Promise.all(writing)
}
