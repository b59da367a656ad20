import type { TopicPartition } from '../../../lib/record.ts'

export interface Subscriber {
  readonly id: string
  readonly topics: readonly string[]
}

/**
 * Partition n of every topic goes to the same member, so that co-partitioned inputs meet in one task; members take
 * turns in the order of their ids. As connectors/kafka/co-partition-assigner.ts.
 */
export function coPartition(
  members: readonly Subscriber[],
  partitions: (topic: string) => number,
): ReadonlyMap<string, readonly TopicPartition[]> {
  const ids = members.map(({ id }) => id).sort()
  const topics = [...new Set(members.flatMap((member) => member.topics))].sort()
  const shares = new Map<string, TopicPartition[]>(ids.map((id) => [id, []]))
  for (const topic of topics) {
    for (let partition = 0; partition < partitions(topic); partition++) {
      shares.get(ids[partition % ids.length]!)!.push({ topic, partition })
    }
  }
  return shares
}
