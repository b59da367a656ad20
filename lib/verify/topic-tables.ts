import type { Broker, Range } from '../broker/broker.ts'
import type { TopicSerdes } from '../operators/sink.ts'
import type { Position, RawRecord } from '../record.ts'
import type { KeyTable } from './key-table.ts'

/** All of a topic from its first record up to the given positions (default: the last stable offsets now). */
export async function rangesOf(broker: Broker, topic: string, upTo?: readonly Position[]): Promise<Range[]> {
  const ranges = await broker.admin.offsets(topic)
  return ranges.flatMap(({ partition, earliest, end }) => {
    const to = upTo === undefined ? end : Math.min(end, offsetOf(upTo, partition))
    return to > earliest ? [{ topic, partition, from: earliest, to }] : []
  })
}

/** What is in a topic now beyond the given positions. */
export async function rangesBeyond(
  broker: Broker,
  topic: string,
  positions: readonly Position[],
): Promise<Range[]> {
  const ranges = await broker.admin.offsets(topic)
  return ranges.flatMap(({ partition, earliest, end }) => {
    const from = Math.max(earliest, offsetOf(positions, partition))
    return end > from ? [{ topic, partition, from, to: end }] : []
  })
}

function offsetOf(positions: readonly Position[], partition: number): number {
  return positions.find((position) => position.partition === partition)?.offset ?? 0
}

/** Reads ranges batch by batch. */
export async function eachBatch(
  broker: Broker,
  ranges: readonly Range[],
  work: (records: readonly RawRecord[]) => Promise<void> | void,
): Promise<void> {
  for await (const { records } of broker.read(ranges)) {
    if (records.length > 0) await work(records)
  }
}

/** Adds records by key. What can't be decoded is left out: it shows up as missing. */
export async function addRecords(
  table: KeyTable,
  { key, value }: TopicSerdes,
  records: readonly RawRecord[],
): Promise<void> {
  await value.ready?.(records.map((record) => record.value))
  for (const record of records) {
    if (record.key === null || record.value === null) continue
    try {
      const decoded = value.decode(record.value) as Record<string, unknown>
      table.add(String(key.decode(record.key)), record.timestamp, decoded)
    } catch {
      // Poison: the dead letters are compared on their own.
    }
  }
}
