/**
 * Writes users at a steady rate, each with the time at which it was sent, and reads what becomes of them: a process of
 * its own, so that nothing but the clients takes its time. Says on standard output how long each took, as JSON.
 */
import { wholeUsers } from '../users.ts'
import { clock, embeddedClients, kafkaClients } from './clients.ts'

const { BROKERS, EMBEDDED, INPUT, OUTPUT, RATE, WARM_UP_S, SECONDS } = process.env as Record<string, string>
const TICK_MS = 5
/** For the last ones, behind the end of the writing. */
const PATIENCE_MS = 30_000
const people = wholeUsers(50).map((user) => JSON.stringify(user))

const clients =
  EMBEDDED === undefined
    ? await kafkaClients(BROKERS!.split(','), INPUT!, OUTPUT!)
    : await embeddedClients(EMBEDDED, INPUT!, OUTPUT!)
const warmUp = Number(RATE) * Number(WARM_UP_S)
const total = warmUp + Number(RATE) * Number(SECONDS)
const latencies = new Float64Array(total).fill(Number.NaN)
const all = Promise.withResolvers<void>()
let received = 0

await clients.read((number, milliseconds) => {
  if (Number.isNaN(latencies[number])) received++
  latencies[number] = milliseconds
  if (received === total) all.resolve()
})
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
  const writing: Promise<void>[] = []
  for (let n = 0; n < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) * Number(RATE)) / 1000))
    if (due > n) {
      const sent = String(clock())
      const messages = Array.from({ length: due - n }, (_, i) => {
        return { number: n + i, value: people[(n + i) % people.length]!, sent }
      })
      writing.push(clients.send(messages))
      n = due
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
  await Promise.all(writing)
}
