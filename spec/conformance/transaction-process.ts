/** Opens a transactional producer, sends into a transaction that it never ends, says so, and waits to be killed. */
import { type BrokerPlace, openBroker } from '../support/broker-place.ts'
import { numbered } from './broker-harness.ts'

const [place, id, group, topic, timeout] = process.argv.slice(2) as [string, string, string, string, string?]
const broker = await openBroker(JSON.parse(place) as BrokerPlace)
const producer = await broker.transactions({ id, group, timeout: timeout ? Number(timeout) : undefined })
await producer.send(numbered(topic, 10))
process.send!('sent')
