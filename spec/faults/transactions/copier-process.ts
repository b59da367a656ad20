/**
 * Copies the source to the target, one transactional producer a partition, from the committed positions on; aborts
 * some transactions and does them again. Ends with 0 when all is copied, with FENCED_EXIT when it is fenced.
 */

import type { TransactionalProducer } from '../../../lib/broker/broker.ts'
import { isRetriable, MillraceError } from '../../../lib/errors.ts'
import type { RawRecord } from '../../../lib/record.ts'
import { seededRandom } from '../../../lib/testing/random.ts'
import { openBroker } from '../../support/broker-place.ts'
import { type CopierOptions, FENCED_EXIT, type Said } from './copier.ts'
import type { Stage } from './plan.ts'
import { PARTITIONS } from './workload.ts'

const { place, names, seed, transaction, life } = JSON.parse(process.argv[2]!) as CopierOptions
const { source, target, group, writer } = names
const broker = await openBroker(place)
const random = seededRandom(seed)
const ends = await broker.admin.offsets(source)
const resumed = Promise.withResolvers<void>()
process.on('message', () => resumed.resolve())
let opened = 0
let committed = 0
let told = false

const say = (said: Said) => process.send!(said)

async function copy(partition: number): Promise<void> {
  const producer = await broker.transactions({ id: `${writer}-${partition}`, group })
  opened++
  const position = (await broker.admin.committed(group, [source])).find((at) => at.partition === partition)
  const range = { topic: source, partition, from: position?.offset ?? 0, to: ends[partition]!.end }
  const waiting: RawRecord[] = []
  for await (const { records } of broker.read([range])) {
    waiting.push(...records)
    while (waiting.length >= transaction) await write(producer, waiting.splice(0, transaction))
  }
  if (waiting.length > 0) await write(producer, waiting)
  await producer.close()
}

async function write(producer: TransactionalProducer, records: readonly RawRecord[]): Promise<void> {
  const copies = records.map(({ key, value, timestamp, headers }) => ({
    topic: target,
    key,
    value,
    timestamp,
    headers,
  }))
  const half = Math.ceil(copies.length / 2)
  for (;;) {
    await producer.send(copies.slice(0, half))
    await producer.send(copies.slice(half))
    if (random() > 0.1) break
    await producer.abort()
  }
  if (reached('sent')) await resumed.promise
  const { topic, partition, offset } = records.at(-1)!
  const committing = producer.commit([{ topic, partition, offset: offset + 1 }])
  reached('committing')
  await committing
  committed++
  say({ committed })
}

/** Tells the spec, once all writers are at work. From then on it is true of every writer. */
function reached(stage: Stage): boolean {
  if (life?.stage !== stage || opened < PARTITIONS || committed < life.after) return false
  if (!told) say({ reached: stage })
  told = true
  return true
}

/** By the recipe: after a failure a new producer, the positions, and on from there. */
async function copyAll(partition: number): Promise<void> {
  for (;;) {
    try {
      return await copy(partition)
    } catch (error) {
      if (!isRetriable(error)) throw error
      say({ again: (error as Error).message })
    }
  }
}

try {
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition)
  const outcomes = await Promise.allSettled(partitions.map(copyAll))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  await broker.close()
  process.exit(0)
} catch (error) {
  if (!(error instanceof MillraceError) || error.code !== 'FENCED') throw error
  process.exit(FENCED_EXIT)
}
