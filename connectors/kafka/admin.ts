import { setTimeout as delay } from 'node:timers/promises'
import { retrying } from '../../lib/backoff.ts'
import { isRetriable, MillraceError } from '../../lib/errors.ts'
import type { BrokerAdmin, OffsetRange, TopicInfo, TopicSpec } from '../../lib/ports.ts'
import type { Position } from '../../lib/record.ts'
import { openClient } from './client.ts'
import { kafkaError, protocolTypeOf } from './errors.ts'
import type { KafkaSettings } from './options.ts'
import { within } from './reach.ts'

const CREATE_TIMEOUT_MS = 30_000
const POLL_MS = 50
/** A group's coordinator that has just started, or taken the group over, loads its positions first. */
const COORDINATOR_ATTEMPTS = 20

export interface KafkaAdmin extends BrokerAdmin {
  close(): Promise<void>
}

/** Connects at the first call; every call rejects with `UNREACHABLE` when no broker answers. */
export function kafkaAdmin(settings: KafkaSettings): KafkaAdmin {
  const client = openClient(settings)
  const admin = client.kafka.admin()
  let connected: Promise<void> | undefined

  async function connect(): Promise<void> {
    connected ??= client.reach(() => admin.connect())
    try {
      await connected
    } catch (error) {
      connected = undefined
      throw error
    }
  }

  let last: Promise<unknown> = Promise.resolve()

  /** One question at a time: kafkajs' admin mixes up the metadata of questions asked side by side (a TypeError). */
  async function ask<T>(doing: string, at: { topic?: string }, question: () => Promise<T>): Promise<T> {
    await connect()
    const answer = last.then(question)
    last = answer.catch(() => {})
    try {
      return await answer
    } catch (error) {
      // What kafkajs' admin makes of it when none of the brokers it knows answers.
      if (error instanceof TypeError)
        throw new MillraceError('UNREACHABLE', `Kafka: ${doing}: no broker answered`, at)
      throw kafkaError(error, doing, at)
    }
  }

  async function topics(names: readonly string[]): Promise<readonly TopicInfo[]> {
    return ask('reading topics', {}, async () => {
      const known = new Set(await admin.listTopics())
      const existing = names.filter((name) => known.has(name))
      if (existing.length === 0) return []
      const { topics } = await admin.fetchTopicMetadata({ topics: existing })
      return topics.map(({ name, partitions }) => ({ topic: name, partitions: partitions.length }))
    })
  }

  async function createTopic(spec: TopicSpec): Promise<void> {
    const { topic, partitions, replicationFactor, config = {} } = spec
    await ask(`creating topic ${topic}`, { topic }, async () => {
      const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
      await admin.createTopics({
        topics: [
          { topic, numPartitions: partitions, replicationFactor: replicationFactor ?? -1, configEntries },
        ],
        timeout: CREATE_TIMEOUT_MS,
        waitForLeaders: false,
      })
      await untilWritable(topic)
    })
  }

  /** Every partition has a leader that answers. The brokers learn of a new topic one after another. */
  async function untilWritable(topic: string): Promise<void> {
    for (const deadline = Date.now() + CREATE_TIMEOUT_MS; ; await delay(POLL_MS)) {
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

  /** kafkajs asks with read_committed, for which the end is the last stable offset. */
  async function offsets(topic: string): Promise<readonly OffsetRange[]> {
    const ranges = await ask(`reading the offsets of ${topic}`, { topic }, () =>
      admin.fetchTopicOffsets(topic),
    )
    return ranges
      .map(({ partition, low, high }) => ({ partition, earliest: Number(low), end: Number(high) }))
      .sort((a, b) => a.partition - b.partition)
  }

  async function committed(group: string, names: readonly string[]): Promise<readonly Position[]> {
    const question = () =>
      ask(`reading the positions of group ${group}`, {}, () =>
        admin.fetchOffsets({ groupId: group, topics: [...names] }),
      )
    const byTopic = await retrying(question, { when: isRetriable, cap: 1000, attempts: COORDINATOR_ATTEMPTS })
    return byTopic.flatMap(({ topic, partitions }) =>
      partitions
        .map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) }))
        .filter(({ offset }) => offset >= 0),
    )
  }

  async function close(): Promise<void> {
    await within(settings.timing.goodbye, () => admin.disconnect()).catch(() => {})
    client.sever()
  }

  return { topics, createTopic, offsets, committed, close }
}
