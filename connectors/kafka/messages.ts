/** What kafkajs is given to write, and what its answers mean. */
import type { Message, RecordMetadata, TopicMessages } from 'kafkajs'
import { recordSize } from '../../lib/broker/record-size.ts'
import { MillraceError } from '../../lib/errors.ts'
import { protocolTypeOf } from './errors.ts'
import { type ProduceRequest, partitionKey } from './requests.ts'

export const COMPRESSION = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const
export const ALL_IN_SYNC_REPLICAS = -1
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])

export function isTooLarge(error: unknown): boolean {
  return TOO_LARGE.has(protocolTypeOf(error) ?? '')
}

/** kafkajs asks again at every retry; a keyless record would move, and be written twice. */
export function chosenPartition({ message }: { message: { partition?: number } }): number {
  return message.partition!
}

/** The records themselves: the repaired request takes them as they are, which kafkajs' types do not know. */
export function topicMessages({ records }: ProduceRequest): TopicMessages[] {
  const byTopic = Map.groupBy(records, ({ topic }) => topic)
  return [...byTopic].map(([topic, of]) => ({ topic, messages: of as unknown as Message[] }))
}

/** After a change of leader `sendBatch` may resolve without having written some of the partitions. */
export function requireAll(request: ProduceRequest, produced: readonly RecordMetadata[]): void {
  const written = new Set(
    produced.map(({ topicName, partition }) => partitionKey({ topic: topicName, partition })),
  )
  const missing = [...request.batches.keys()].filter((key) => !written.has(key))
  if (missing.length === 0) return
  throw new MillraceError('UNREACHABLE', `Kafka did not acknowledge what was sent to ${missing.join(', ')}`)
}

export function isDivisible(request: ProduceRequest): boolean {
  return [...request.batches.values()].some((batch) => batch.length > 1)
}

export function tooLarge(request: ProduceRequest): MillraceError {
  const largest = request.records.reduce((a, b) => (recordSize(a) >= recordSize(b) ? a : b))
  return new MillraceError(
    'WRITE',
    `A record of ${recordSize(largest)} bytes is too large for topic ${largest.topic}: raise its max.message.bytes, ` +
      'or write smaller records',
    { topic: largest.topic, partition: largest.partition },
  )
}

export function topicOf(request: ProduceRequest): { topic?: string } {
  const topics = new Set(request.records.map(({ topic }) => topic))
  return topics.size === 1 ? { topic: request.records[0]!.topic } : {}
}
