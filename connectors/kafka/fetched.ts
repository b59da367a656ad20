import type { FetchedBatch } from '../../lib/broker/broker.ts'
import { contentSize } from '../../lib/broker/record-size.ts'
import type { RawRecord } from '../../lib/record.ts'
import type { Batch } from './repairs/batch.ts'
import type { DecodedRecord } from './repairs/record-batch.ts'

/** The port's batch from kafkajs'; with `to`, only what lies before that offset. */
export function fetchedBatch(batch: Batch, generation: number, to = Number.POSITIVE_INFINITY): FetchedBatch {
  const { topic, partition } = batch
  const visible = batch.next > to ? batch.messages.filter(({ offset }) => offset < to) : batch.messages
  const records = visible.map((message) => rawRecord(message, topic, partition))
  const bytes = records.reduce((sum, record) => sum + contentSize(record), 0)
  return { topic, partition, generation, records, next: Math.min(batch.next, to), bytes }
}

function rawRecord(
  { offset, key, value, timestamp, headers }: DecodedRecord,
  topic: string,
  partition: number,
): RawRecord {
  return { topic, partition, offset, key, value, timestamp, headers }
}
