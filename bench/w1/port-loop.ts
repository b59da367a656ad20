/** W1 on millrace's own Kafka client, without its topologies: what the framework may cost is the difference to this. */
import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import type { FetchedBatch } from '../../lib/broker/broker.ts'
import type { OutRecord } from '../../lib/record.ts'
import { cleansed, isComplete } from './cleanse.ts'

const { BROKERS, INPUT, OUTPUT, RECORDS, APPLICATION } = process.env as Record<string, string>
/** Of a partition, beyond which it is not fetched. */
const MOST_WAITING = 2

const broker = kafkaBroker({ brokers: BROKERS!.split(',') })
const producer = await broker.producer({ clientId: 'bench' })
const consumer = broker.consumer({ group: APPLICATION!, topics: [INPUT!], startAt: 'earliest' })
const done = Promise.withResolvers<void>()
const waiting = new Map<number, number>()
const turns = new Map<number, Promise<void>>()
let [seen, generation] = [0, 0]

await consumer.start({
  revoked: async () => {},
  assigned: async (assignment) => {
    generation = assignment.generation
  },
  batch: (batch) => {
    count(batch.partition, 1)
    const turn = (turns.get(batch.partition) ?? Promise.resolve()).then(() => work(batch))
    turns.set(batch.partition, turn)
    turn.catch(done.reject)
  },
  failed: done.reject,
})
await done.promise
await consumer.stop()
await producer.close()
await broker.close()

async function work({ topic, partition, records, next }: FetchedBatch): Promise<void> {
  const results = records.flatMap(({ key, value, timestamp, headers }): OutRecord[] => {
    const user = JSON.parse(String(value))
    if (!isComplete(user)) return []
    return [{ topic: OUTPUT!, key, value: Buffer.from(JSON.stringify(cleansed(user))), timestamp, headers }]
  })
  await producer.send(results)
  await consumer.commit(generation, [{ topic, partition, offset: next }])
  count(partition, -1)
  seen += records.length
  if (seen >= Number(RECORDS)) done.resolve()
}

function count(partition: number, change: number): void {
  const now = (waiting.get(partition) ?? 0) + change
  waiting.set(partition, now)
  consumer.flow([{ topic: INPUT!, partition }], now >= MOST_WAITING ? 'paused' : 'flowing')
}
