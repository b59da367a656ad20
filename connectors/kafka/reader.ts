import { retrying } from '../../lib/backoff.ts'
import type { BrokerAdmin, FetchedBatch, Range } from '../../lib/broker/broker.ts'
import { requireHeldRanges } from '../../lib/broker/held-ranges.ts'
import { isRetriable, MillraceError } from '../../lib/errors.ts'
import { openClient } from './client.ts'
import { kafkaError } from './errors.ts'
import { fetchedBatch } from './fetched.ts'
import { type Cluster, type FetchTopic, READ_COMMITTED } from './internals.ts'
import type { KafkaSettings } from './options.ts'
import { within } from './reach.ts'
import { Batch } from './repairs/batch.ts'
import { partitionKey } from './requests.ts'

const PARTITION_BYTES = 1024 * 1024
const FETCH_BYTES = 8 * 1024 * 1024
const ATTEMPTS = 8

type Cursor = { -readonly [K in keyof Range]: Range[K] }

/**
 * Reads ranges without a group. One fetch at a time, the next one only when its batches have been taken: at most
 * `FETCH_BYTES` are held. Rejects with `DATA_LOSS` when a range is not held (any more), `UNREACHABLE` when no broker
 * answers for about ten seconds.
 */
export async function* readRanges(
  settings: KafkaSettings,
  admin: BrokerAdmin,
  ranges: readonly Range[],
): AsyncGenerator<FetchedBatch> {
  const open = ranges.filter(({ from, to }) => from < to).map((range) => ({ ...range }))
  if (open.length === 0) return
  await requireHeldRanges(admin, open)
  const client = openClient(settings)
  const cluster = client.cluster()
  try {
    await client.reach(() => cluster.connect())
    yield* readAll(cluster, settings, open)
  } finally {
    await within(settings.timing.goodbye, () => cluster.disconnect()).catch(() => {})
    client.sever()
  }
}

async function* readAll(
  cluster: Cluster,
  settings: KafkaSettings,
  ranges: readonly Cursor[],
): AsyncGenerator<FetchedBatch> {
  for (let open = ranges; open.length > 0; open = open.filter(({ from, to }) => from < to)) {
    const now = firstOfEachPartition(open)
    for (const batch of await fetchOnce(cluster, settings, [...now.values()])) {
      const cursor = now.get(partitionKey(batch))!
      if (batch.isEmpty()) continue
      cursor.from = batch.next
      yield fetchedBatch(batch, 0, cursor.to)
    }
  }
}

/** A fetch asks for one range of a partition: others of it wait for their turn. */
function firstOfEachPartition(open: readonly Cursor[]): ReadonlyMap<string, Cursor> {
  return new Map(open.toReversed().map((cursor) => [partitionKey(cursor), cursor]))
}

function fetchOnce(
  cluster: Cluster,
  settings: KafkaSettings,
  open: readonly Cursor[],
): Promise<readonly Batch[]> {
  return retrying(
    async () => {
      try {
        await cluster.addMultipleTargetTopics([...new Set(open.map(({ topic }) => topic))])
        return await fetchFromOne(cluster, settings, open)
      } catch (error) {
        await cluster.refreshMetadata().catch(() => {})
        throw kafkaError(error, 'reading')
      }
    },
    { when: isRetriable, base: 200, cap: 2_000, attempts: ATTEMPTS },
  )
}

/** Asks the leader of the first open range for all that it leads. */
async function fetchFromOne(
  cluster: Cluster,
  settings: KafkaSettings,
  open: readonly Cursor[],
): Promise<Batch[]> {
  const nodeId = leaderOf(cluster, open[0]!)
  const wanted = open.filter((range) => leaderOf(cluster, range) === nodeId)
  const broker = await cluster.findBroker({ nodeId })
  const { responses } = await broker.fetch({
    maxWaitTime: settings.timing.fetchWait,
    minBytes: 1,
    maxBytes: FETCH_BYTES,
    isolationLevel: READ_COMMITTED,
    topics: wanted.map(fetchTopic),
  })
  const offsets = new Map(wanted.map((range) => [partitionKey(range), range.from]))
  return responses.flatMap(({ topicName: topic, partitions }) =>
    partitions.map((data) => new Batch(topic, offsets.get(partitionKey({ topic, ...data }))!, data)),
  )
}

function fetchTopic({ topic, partition, from }: Cursor): FetchTopic {
  return { topic, partitions: [{ partition, fetchOffset: String(from), maxBytes: PARTITION_BYTES }] }
}

function leaderOf(cluster: Cluster, { topic, partition }: Cursor): string {
  const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))
  if (leader !== undefined) return leader
  throw new MillraceError('UNREACHABLE', `${topic}/${partition} has no leader now`, { topic, partition })
}
