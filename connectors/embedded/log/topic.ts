import type { TopicSpec } from '../../../lib/broker/broker.ts'
import { MillraceError } from '../../../lib/errors.ts'
import type { Partition } from './partition.ts'
import { type TopicSettings, topicSettings } from './topic-settings.ts'

/** What the store says of a topic, as JSON. */
export interface TopicEntry {
  readonly id: number
  readonly topic: string
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
}

export interface Topic extends TopicEntry {
  readonly settings: TopicSettings
  readonly logs: readonly Partition[]
}

const MAX_PARTITIONS = 10_000

/** Rejects with `CONFIG` what Kafka would refuse. */
export function topicEntry(id: number, { topic, partitions, config = {} }: TopicSpec): TopicEntry {
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(topic) || topic === '.' || topic === '..') {
    throw new MillraceError(
      'CONFIG',
      `"${topic}" is no name of a topic: letters, digits, dot, dash and underscore, at most 249`,
      { topic },
    )
  }
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS) {
    throw new MillraceError(
      'CONFIG',
      `Topic ${topic}: ${partitions} partitions; give 1 to ${MAX_PARTITIONS}`,
      { topic },
    )
  }
  topicSettings(topic, config)
  return { id, topic, partitions, config }
}
