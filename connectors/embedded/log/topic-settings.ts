import { MillraceError } from '../../../lib/errors.ts'

/** What a topic's configuration means to the embedded log. Times in milliseconds; −1 is no limit. */
export interface TopicSettings {
  readonly deletes: boolean
  readonly compacts: boolean
  readonly retentionMs: number
  readonly retentionBytes: number
  readonly deleteRetentionMs: number
  readonly minCompactionLagMs: number
  readonly minCleanableDirtyRatio: number
  readonly maxMessageBytes: number
}

/** Of a Kafka broker's many files, replicas and clocks there is nothing here: taken, and without effect. */
const WITHOUT_EFFECT =
  /^(segment\.|index\.|flush\.|file\.delete\.delay\.ms$|min\.insync\.replicas$|preallocate$|compression\.|max\.compaction\.lag\.ms$|message\.timestamp\.(before|after|difference)\.|message\.downconversion|unclean\.leader|(leader|follower)\.replication|remote\.|local\.retention)/

type Config = Readonly<Record<string, string>>

const NUMBERS: Readonly<Record<string, { readonly byDefault: number; readonly least: number }>> = {
  // Kafka's default is seven days: here, where no one administers, records stay until a topic says otherwise.
  'retention.ms': { byDefault: -1, least: -1 },
  'retention.bytes': { byDefault: -1, least: -1 },
  'delete.retention.ms': { byDefault: 86_400_000, least: 0 },
  'min.compaction.lag.ms': { byDefault: 0, least: 0 },
  'min.cleanable.dirty.ratio': { byDefault: 0.5, least: 0 },
  'max.message.bytes': { byDefault: 1_048_588, least: 0 },
}

/** Rejects with `CONFIG` what Kafka would refuse, and what the embedded log can't do. */
export function topicSettings(topic: string, config: Config): TopicSettings {
  for (const name of Object.keys(config)) requireKnown(topic, name)
  if ((config['message.timestamp.type'] ?? 'CreateTime') !== 'CreateTime') {
    throw refused(
      topic,
      'message.timestamp.type',
      'the embedded log keeps the timestamps that records come with',
    )
  }
  const policies = (config['cleanup.policy'] ?? 'delete').split(',').map((policy) => policy.trim())
  if (policies.some((policy) => policy !== 'delete' && policy !== 'compact')) {
    throw refused(topic, 'cleanup.policy', 'give delete, compact, or both with a comma')
  }
  const number = (name: string) => numberOf(topic, name, config[name])
  return {
    deletes: policies.includes('delete'),
    compacts: policies.includes('compact'),
    retentionMs: number('retention.ms'),
    retentionBytes: number('retention.bytes'),
    deleteRetentionMs: number('delete.retention.ms'),
    minCompactionLagMs: number('min.compaction.lag.ms'),
    minCleanableDirtyRatio: number('min.cleanable.dirty.ratio'),
    maxMessageBytes: number('max.message.bytes'),
  }
}

function requireKnown(topic: string, name: string): void {
  if (name in NUMBERS || name === 'cleanup.policy' || name === 'message.timestamp.type') return
  if (!WITHOUT_EFFECT.test(name)) throw refused(topic, name, 'Kafka knows no such setting of a topic')
}

function numberOf(topic: string, name: string, text: string | undefined): number {
  const { byDefault, least } = NUMBERS[name]!
  if (text === undefined) return byDefault
  const number = Number(text)
  if (text.trim() !== '' && Number.isFinite(number) && number >= least) return number
  throw refused(topic, name, `give a number, ${least} or more`)
}

function refused(topic: string, name: string, cure: string): MillraceError {
  return new MillraceError('CONFIG', `Topic ${topic}: setting ${name}: ${cure}`, { topic })
}
