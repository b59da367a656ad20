import type { Broker, Range } from '../broker/broker.ts'
import type { TopicSerdes } from '../operators/sink.ts'
import { headerOf, type Position, type RawRecord } from '../record.ts'
import { GENERATION } from '../runtime/generation-header.ts'
import type { BucketedTable } from './bucketed-table.ts'

export interface Between {
  /** Default: each partition's first record. */
  readonly from?: readonly Position[] | undefined
  /** Default: the last stable offsets now. A partition that is not named is left out. */
  readonly to?: readonly Position[] | undefined
}

/** A topic's records between the given positions, as far as it holds them. */
export async function rangesOf(broker: Broker, topic: string, { from, to }: Between = {}): Promise<Range[]> {
  const ranges = await broker.admin.offsets(topic)
  return ranges.flatMap(({ partition, earliest, end }) => {
    const first = Math.max(earliest, offsetOf(from ?? [], partition))
    const last = to === undefined ? end : Math.min(end, offsetOf(to, partition))
    return last > first ? [{ topic, partition, from: first, to: last }] : []
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
  table: BucketedTable,
  { key, value }: TopicSerdes,
  records: readonly RawRecord[],
): Promise<void> {
  await value.ready?.(records.map((record) => record.value))
  for (const record of records) {
    if (record.key === null || record.value === null) continue
    try {
      const decoded = value.decode(record.value) as Record<string, unknown>
      const generation = headerOf(record.headers, GENERATION)?.toString()
      const said = generation === undefined ? decoded : { ...decoded, [GENERATION]: generation }
      table.add(String(key.decode(record.key)), record.timestamp, said, record)
    } catch {
      // Poison: the dead letters are compared on their own.
    }
  }
}
