import { contentRanges, type PartitionId, partitionKey, partitionOfKey, partitionRange } from './keys.ts'
import type { Store, StoreOperation } from './store.ts'
import type { TopicEntry } from './topic.ts'

/** So many keys are deleted in one atomic write. */
const DELETED_AT_ONCE = 1000

/** Partitions of topics that have been deleted, of which a kill has left something. */
export async function orphans(
  store: Store,
  topics: readonly Pick<TopicEntry, 'id'>[],
): Promise<readonly PartitionId[]> {
  const known = new Set(topics.map(({ id }) => id))
  const partitions = (await store.keys(partitionRange()).all()).map(partitionOfKey)
  return partitions.filter(({ topicId }) => !known.has(topicId))
}

/** All that is to be written, in steps, to remove a partition: last its state, by which it is found. */
export async function* removals(store: Store, id: PartitionId): AsyncGenerator<StoreOperation[]> {
  for (const range of contentRanges(id)) {
    for (;;) {
      const keys = await store.keys({ ...range, limit: DELETED_AT_ONCE }).all()
      if (keys.length === 0) break
      yield keys.map((key) => ({ type: 'del', key }))
    }
  }
  yield [{ type: 'del', key: partitionKey(id) }]
}
