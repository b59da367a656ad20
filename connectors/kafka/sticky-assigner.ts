import type { Assigner, AssignerProtocol, Cluster, PartitionAssigner } from 'kafkajs'
import { assignTasks, type MemberShare } from '../../lib/broker/assign-tasks.ts'
import type { MemberData } from '../../lib/broker/broker.ts'
import { decodeUserData, encodeUserData } from './user-data.ts'

type Codecs = typeof AssignerProtocol

/** Of the subscription: the last that has nothing behind the user data. */
const SUBSCRIPTION = 0
const ASSIGNMENT = 1

/** Gives out tasks as `assignTasks` says; kafkajs' own assigners would part the inputs of a task. */
export function stickyAssigner(codecs: Codecs, member?: () => MemberData): PartitionAssigner {
  const { MemberMetadata, MemberAssignment } = codecs
  return ({ cluster }): Assigner => ({
    name: 'millrace-co-partitioned',
    version: 1,
    protocol: ({ topics }) => ({
      name: 'millrace-co-partitioned',
      metadata: MemberMetadata.encode({
        version: SUBSCRIPTION,
        topics,
        userData: encodeUserData(member?.()),
      }),
    }),
    assign: async ({ members }) => {
      const joined = members.map(({ memberId: id, memberMetadata }) => {
        const said = MemberMetadata.decode(memberMetadata)
        return { id, topics: said?.topics ?? [], data: decodeUserData<MemberData>(said?.userData) }
      })
      await lookUp(cluster, new Set(joined.flatMap(({ topics }) => topics)))
      const shares = assignTasks(joined, (topic) => cluster.findTopicPartitionMetadata(topic).length)
      return [...shares].map(([memberId, { partitions, ...given }]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: ASSIGNMENT,
          assignment: byTopic(partitions),
          userData: encodeUserData(given),
        }),
      }))
    },
  })
}

/** The leader may not read what others do: kafkajs knows its own topics only. One that is gone has no partitions. */
async function lookUp(cluster: Cluster, topics: ReadonlySet<string>): Promise<void> {
  await cluster.addMultipleTargetTopics([...topics]).catch(() => {})
}

function byTopic(partitions: MemberShare['partitions']): Record<string, number[]> {
  const topics: Record<string, number[]> = {}
  for (const { topic, partition } of partitions) {
    topics[topic] ??= []
    topics[topic].push(partition)
  }
  return topics
}
