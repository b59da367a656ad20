import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { retrying } from '../../lib/backoff.ts'
import type {
  BrokerAdmin,
  CommittedPosition,
  OffsetRange,
  TopicInfo,
  TopicSpec,
} from '../../lib/broker/broker.ts'
import { isRetriable } from '../../lib/errors.ts'
import type { AdminClient } from './admin-client.ts'
import { kafkaError, protocolTypeOf } from './errors.ts'

const CREATE_TIMEOUT_MS = 30_000
const CREATE_AGAIN_MS = 1000
const POLL_MS = 50
/** A group's coordinator that has just started, or taken the group over, loads its positions first. */
const COORDINATOR_ATTEMPTS = 20

/** Every call rejects with `UNREACHABLE` when no broker answers. */
export function kafkaAdmin(client: AdminClient): BrokerAdmin {
  async function topics(names: readonly string[]): Promise<readonly TopicInfo[]> {
    return client.ask('reading topics', {}, async ({ admin }) => {
      const known = new Set(await admin.listTopics())
      const existing = names.filter((name) => known.has(name))
      if (existing.length === 0) return []
      const { topics } = await admin.fetchTopicMetadata({ topics: existing })
      return topics.map(({ name, partitions }) => ({ topic: name, partitions: partitions.length }))
    })
  }

  async function createTopic(spec: TopicSpec): Promise<void> {
    const { topic, partitions, replicationFactor, config = {} } = spec
    await client.ask(`creating topic ${topic}`, { topic }, async ({ admin }) => {
      const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
      const create = () =>
        admin.createTopics({
          topics: [
            { topic, numPartitions: partitions, replicationFactor: replicationFactor ?? -1, configEntries },
          ],
          timeout: CREATE_TIMEOUT_MS,
          waitForLeaders: false,
        })
      await untilWritable(admin, topic, create)
    })
  }

  /** kafkajs asks with read_committed, for which the end is the last stable offset. */
  async function offsets(topic: string): Promise<readonly OffsetRange[]> {
    const ranges = await client.ask(`reading the offsets of ${topic}`, { topic }, ({ admin }) =>
      admin.fetchTopicOffsets(topic),
    )
    return ranges
      .map(({ partition, low, high }) => ({ partition, earliest: Number(low), end: Number(high) }))
      .sort((a, b) => a.partition - b.partition)
  }

  async function committed(group: string, names: readonly string[]): Promise<readonly CommittedPosition[]> {
    const question = () =>
      client.ask(`reading the positions of group ${group} in ${names.join(', ')}`, {}, ({ admin }) =>
        admin.fetchOffsets({ groupId: group, topics: [...names] }),
      )
    const byTopic = await retrying(question, { when: isRetriable, cap: 1000, attempts: COORDINATOR_ATTEMPTS })
    return byTopic.flatMap(({ topic, partitions }) =>
      partitions
        .filter(({ offset }) => Number(offset) >= 0)
        .map(({ partition, offset, metadata }) => {
          const position = { topic, partition, offset: Number(offset) }
          return metadata ? { ...position, metadata } : position
        }),
    )
  }

  return { topics, createTopic, offsets, committed }
}

/**
 * Every partition has a leader that answers. The brokers learn of a new topic one after another; with ZooKeeper, one of
 * the same name that has been deleted is there for a while, and this one is asked for again when it has gone.
 */
async function untilWritable(admin: Admin, topic: string, create: () => Promise<unknown>): Promise<void> {
  let asked = Number.NEGATIVE_INFINITY
  for (const deadline = Date.now() + CREATE_TIMEOUT_MS; ; await delay(POLL_MS)) {
    if (performance.now() - asked > CREATE_AGAIN_MS) {
      await create()
      asked = performance.now()
    }
    try {
      await admin.fetchTopicOffsets(topic)
      return
    } catch (error) {
      const failure = kafkaError(error, `waiting for topic ${topic}`, { topic })
      const young = protocolTypeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION' || failure.retriable
      if (!young || Date.now() > deadline) throw failure
    }
  }
}
