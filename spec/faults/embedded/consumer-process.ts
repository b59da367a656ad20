/** A member of the group, until it is killed: notes each batch, then commits it. */
import { openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import type { FetchedBatch } from '../../../lib/broker/broker.ts'
import { MillraceError } from '../../../lib/errors.ts'
import { journal } from './journal.ts'
import { GROUP, TOPIC } from './workload.ts'

const [dir, path] = process.argv.slice(2) as [string, string]
const note = journal(path)
const broker = await openEmbeddedBroker({ dir })
const consumer = broker.consumer({
  group: GROUP,
  topics: [TOPIC],
  startAt: 'earliest',
  fetchBytes: 24 * 1024,
})
let work = Promise.resolve()

async function handle({ generation, partition, records, next }: FetchedBatch): Promise<void> {
  const life = `${process.pid}/${generation}`
  const numbers = records.map(({ value }) => Number.parseInt(value!.toString('latin1', 0, 10), 10))
  note({ kind: 'batch', life, partition, offsets: records.map(({ offset }) => offset), numbers })
  process.send!({ consumed: records.length })
  try {
    await consumer.commit(generation, [{ topic: TOPIC, partition, offset: next }])
    note({ kind: 'committed', partition, offset: next })
  } catch (error) {
    if (!(error instanceof MillraceError) || !/FENCED|UNREACHABLE/.test(error.code)) throw error
  }
  consumer.flow([{ topic: TOPIC, partition }], 'flowing')
}

await consumer.start({
  revoked: () => work,
  assigned: async ({ generation, positions }) => {
    const life = `${process.pid}/${generation}`
    for (const { partition, offset } of positions) note({ kind: 'assigned', life, partition, offset })
  },
  batch: (batch) => {
    consumer.flow([batch], 'paused')
    work = work.then(() => handle(batch))
  },
  failed: (error) => {
    throw error
  },
})
process.send!({ ready: true })
