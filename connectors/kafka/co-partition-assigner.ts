import type { Assigner, AssignerProtocol, Cluster, PartitionAssigner } from 'kafkajs'

type Codecs = typeof AssignerProtocol

/**
 * Partition n of every topic goes to the same member, so that co-partitioned inputs meet in one task. Members take
 * turns; kafkajs' round robin counts through all topics and would part them.
 */
export function coPartitionAssigner({ MemberMetadata, MemberAssignment }: Codecs): PartitionAssigner {
  return ({ cluster }): Assigner => ({
    name: 'millrace-co-partitioned',
    version: 1,
    protocol: ({ topics }) => ({
      name: 'millrace-co-partitioned',
      metadata: MemberMetadata.encode({ version: 1, topics, userData: Buffer.alloc(0) }),
    }),
    assign: async ({ members, topics }) => {
      const counts = topics.map((topic) => ({ topic, partitions: partitionCount(cluster, topic) }))
      const ids = members.map(({ memberId }) => memberId).sort()
      return ids.map((memberId, turn) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: 1,
          assignment: share(counts, turn, ids.length),
          userData: Buffer.alloc(0),
        }),
      }))
    },
  })
}

function share(
  counts: readonly { topic: string; partitions: number }[],
  turn: number,
  members: number,
): Record<string, number[]> {
  return Object.fromEntries(
    counts.map(({ topic, partitions }) => [
      topic,
      Array.from({ length: partitions }, (_, partition) => partition).filter((p) => p % members === turn),
    ]),
  )
}

function partitionCount(cluster: Cluster, topic: string): number {
  return cluster.findTopicPartitionMetadata(topic).length
}
