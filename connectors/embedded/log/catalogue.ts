import { MillraceError } from '../../../lib/errors.ts'
import { chunkKey, offsetIn, type PartitionId, partitionKey, topicRange } from './keys.ts'
import { Partition } from './partition.ts'
import { decodeState, EMPTY, type PartitionState } from './partition-state.ts'
import type { Store } from './store.ts'
import type { Topic, TopicEntry } from './topic.ts'
import { topicSettings } from './topic-settings.ts'

/** The topics of a store, each partition checked to hold what its state says. Rejects with `DATA_LOSS` otherwise. */
export async function loadTopics(store: Store): Promise<Topic[]> {
  const topics: Topic[] = []
  for (const [, value] of await store.iterator(topicRange()).all()) {
    const entry = JSON.parse(value.toString('utf8')) as TopicEntry
    const settings = topicSettings(entry.topic, entry.config)
    const logs: Partition[] = []
    for (let partition = 0; partition < entry.partitions; partition++) {
      const id = { topicId: entry.id, partition }
      const stored = await store.get(partitionKey(id))
      const state = stored === undefined ? EMPTY : decodeState(stored)
      await requireEnd(store, id, state, entry.topic, settings.compacts)
      logs.push(new Partition(store, entry.topic, id, state))
    }
    topics.push({ ...entry, settings, logs })
  }
  return topics
}

/** Records and end are written together: where they differ, the disk has lost something. */
async function requireEnd(
  store: Store,
  id: PartitionId,
  { earliest, end }: PartitionState,
  topic: string,
  compacts: boolean,
): Promise<void> {
  const range = { gte: chunkKey(id, 0), lte: chunkKey(id, Number.MAX_SAFE_INTEGER) }
  const [last] = await store.keys({ ...range, reverse: true, limit: 1 }).all()
  const found = last === undefined ? earliest : offsetIn(last) + 1
  if (found === end || (compacts && found < end)) return
  const { partition } = id
  throw new MillraceError(
    'DATA_LOSS',
    `${topic}/${partition}: the embedded log should end at ${end}, but its records end at ${found}: its folder is damaged; restore it from a backup`,
    { topic, partition, offset: found },
  )
}
