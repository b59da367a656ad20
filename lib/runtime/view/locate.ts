import { partitionFor } from '../../broker/partitioner.ts'
import type { TopicSerdes } from '../../operators/sink.ts'
import { type SubTopologyInput, topicOf } from '../../topology/sub-topologies.ts'
import { type PartitionCounts, taskNames } from '../task-plan.ts'
import { type FoundStore, inputsBefore } from './find-store.ts'
import { keyOf } from './key-text.ts'

interface Locating {
  readonly application: string
  readonly partitionsOf: PartitionCounts
  readonly serdes: (input: SubTopologyInput) => TopicSerdes
}

/**
 * The tasks of a store that may hold a key: the one of its partition, where that follows from how the inputs are
 * partitioned; all of them for stores of processors, which choose their keys themselves, and behind topics whose
 * writers choose partitions in other ways. (KafkaStreams#queryMetadataForKey)
 *
 * @throws MillraceError `CONFIG` for what can't be a key of the store.
 */
export async function tasksWithKey(
  store: FoundStore,
  text: string,
  locating: Locating,
): Promise<readonly string[]> {
  const { application, partitionsOf } = locating
  const sub = store.sub!
  const key = keyOf(store.spec.key, text)
  const all = taskNames(sub, application, partitionsOf)
  const [input] = inputsBefore(store)
  if (input === undefined || store.node.kind === 'process' || !isPlacedByKey(input, store)) return all
  const bytes = await encoded(locating.serdes(input), key)
  if (bytes === undefined) return all
  return [`${sub.id}_${partitionFor(bytes, partitionsOf(topicOf(input, application)))}`]
}

/** Whether the store's keys are those of the input, and its writers choose partitions as we do. */
function isPlacedByKey(input: SubTopologyInput, { spec }: FoundStore): boolean {
  const { key, partitioner } =
    input.kind === 'repartition' ? { ...input, partitioner: 'murmur2' } : input.topic
  if (partitioner !== 'murmur2') return false
  // Keys with windows in them are of a format of their own.
  return key === spec.key || ('writes' in key && 'writes' in spec.key && key.writes === spec.key.writes)
}

/** As those who write the input encode it; undefined where that can't be told now. */
async function encoded({ key: serde }: TopicSerdes, key: unknown): Promise<Buffer | undefined> {
  try {
    await serde.open?.()
    return serde.encode(key)
  } catch {
    return undefined
  }
}
