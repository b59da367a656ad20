/**
 * Writes the numbered records from the first that no life of it was told to be written, as far as the spec lets it: a
 * producer that is to be killed must still have work. Ends when all are written.
 */
import { openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import { journal } from './journal.ts'
import { numbered, RECORDS, SENT_AT_ONCE } from './workload.ts'

const [dir, path, from, allowed] = process.argv.slice(2) as [string, string, string, string]
const note = journal(path)
let limit = Number(allowed)
let raised = Promise.withResolvers<void>()
process.on('message', (said: { limit: number }) => {
  limit = said.limit
  raised.resolve()
  raised = Promise.withResolvers()
})
const broker = await openEmbeddedBroker({ dir })
const producer = await broker.producer({})
process.send!({ ready: true })
for (let next = Number(from); next < RECORDS; next += SENT_AT_ONCE) {
  while (next >= limit) await raised.promise
  const to = Math.min(next + SENT_AT_ONCE, RECORDS)
  await producer.send(Array.from({ length: to - next }, (_, i) => numbered(next + i)))
  note({ kind: 'acknowledged', to })
  process.send!({ acknowledged: to })
}
await broker.close()
process.disconnect()
