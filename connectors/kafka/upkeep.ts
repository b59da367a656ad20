import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import type { BrokerUpkeep, CommittedPosition, MemberInfo } from '../../lib/broker/broker.ts'
import { MillraceError } from '../../lib/errors.ts'
import type { Position } from '../../lib/record.ts'
import type { AdminClient } from './admin-client.ts'
import { protocolTypeOf } from './errors.ts'

const POLL_MS = 50
/** Answers about a group: 0 is none, and since DescribeGroups v6 there is one for a group that is not there. */
const NONE = 0
const GROUP_ID_NOT_FOUND = 69

export function kafkaUpkeep(client: AdminClient): BrokerUpkeep {
  async function offsetsForTime(topic: string, timestamp: number): Promise<readonly Position[]> {
    const found = await client.ask(`looking for a time in ${topic}`, { topic }, ({ admin }) =>
      admin.fetchTopicOffsetsByTimestamp(topic, timestamp),
    )
    return found
      .map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) }))
      .sort((a, b) => a.partition - b.partition)
  }

  async function deleteTopic(topic: string): Promise<void> {
    await client.ask(`deleting topic ${topic}`, { topic }, async ({ admin }) => {
      if (await exists(admin, topic)) await admin.deleteTopics({ topics: [topic] }).catch(unlessGone)
      while (await exists(admin, topic)) await delay(POLL_MS)
    })
  }

  async function deleteRecords(before: readonly Position[]): Promise<void> {
    for (const [topic, positions] of Map.groupBy(before, ({ topic }) => topic)) {
      await client.ask(`deleting records of ${topic}`, { topic }, async ({ admin }) => {
        // kafkajs looks for the leaders of a topic that it has not heard of before it asks about it.
        const ends = new Map(
          (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, Number(high)]),
        )
        for (const position of positions) requireHeld(position, ends.get(position.partition) ?? 0)
        await admin.deleteTopicRecords({ topic, partitions: positions.map(asText) })
      })
    }
  }

  async function members(group: string): Promise<readonly MemberInfo[]> {
    return client.ask(`asking who is in group ${group}`, {}, async ({ admin }) => {
      const { groups } = await admin.describeGroups([group])
      const [found] = groups as readonly ((typeof groups)[number] & { errorCode?: number })[]
      if (found === undefined || found.errorCode === GROUP_ID_NOT_FOUND) return []
      if ((found.errorCode ?? NONE) !== NONE) {
        throw new MillraceError('UNREACHABLE', `Kafka: the coordinator of group ${group} is not ready`)
      }
      return found.members.map(({ clientId, clientHost }) => ({
        clientId,
        host: clientHost.replace(/^\//, ''),
      }))
    })
  }

  /** kafkajs' own `setOffsets` joins the group with a consumer. */
  async function setPositions(group: string, positions: readonly CommittedPosition[]): Promise<void> {
    if (positions.length === 0) return
    await client.ask(`setting the positions of group ${group}`, {}, async (asked) => {
      const cluster = asked.cluster()
      await cluster.connect()
      try {
        const coordinator = await cluster.findGroupCoordinator({ groupId: group })
        const byTopic = Map.groupBy(positions, ({ topic }) => topic)
        const topics = [...byTopic].map(([topic, own]) => ({
          topic,
          partitions: own.map((position) => ({ ...asText(position), metadata: position.metadata })),
        }))
        await coordinator.offsetCommit({ groupId: group, groupGenerationId: -1, memberId: '', topics })
      } finally {
        await cluster.disconnect().catch(() => {})
      }
    })
  }

  return { offsetsForTime, deleteTopic, deleteRecords, members, setPositions }
}

/** A broker's refusal is tried again by kafkajs, for seconds. */
function requireHeld({ topic, partition, offset }: Position, end: number): void {
  if (offset <= end) return
  const message = `Records before ${topic}/${partition}/${offset} can't be deleted: the partition ends at ${end}`
  throw new MillraceError('DATA_LOSS', message, { topic, partition, offset })
}

async function exists(admin: Admin, topic: string): Promise<boolean> {
  return (await admin.listTopics()).includes(topic)
}

function unlessGone(error: unknown): void {
  if (protocolTypeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
}

function asText({ partition, offset }: Position): { partition: number; offset: string } {
  return { partition, offset: String(offset) }
}
