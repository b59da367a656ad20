import type { TopicSerdes } from '../operators/sink.ts'
import type { Broker, Range } from '../ports.ts'
import type { Position, RawRecord } from '../record.ts'
import { KeyTable } from './key-table.ts'

/** All of a topic from its first record up to the given ends (default: the last stable offsets now). */
export async function rangesOf(broker: Broker, topic: string, upTo?: readonly Position[]): Promise<Range[]> {
  const ranges = await broker.admin.offsets(topic)
  return ranges.flatMap(({ partition, earliest, end }) => {
    const to = upTo === undefined ? end : Math.min(end, offsetOf(upTo, partition))
    return to > earliest ? [{ topic, partition, from: earliest, to }] : []
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

/** A topic as keys with their newest values. What can't be decoded is left out: it shows up as missing. */
export async function readKeyTable(
  broker: Broker,
  ranges: readonly Range[],
  { key, value }: TopicSerdes,
  columns: readonly string[],
): Promise<KeyTable> {
  const table = new KeyTable(columns)
  await eachBatch(broker, ranges, async (records) => {
    await value.ready?.(records.map((record) => record.value))
    for (const record of records) {
      if (record.key === null || record.value === null) continue
      try {
        table.add(
          String(key.decode(record.key)),
          record.timestamp,
          value.decode(record.value) as Record<string, unknown>,
        )
      } catch {
        // Poison: the dead letters are compared on their own.
      }
    }
  })
  return table
}
