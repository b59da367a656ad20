import type { FetchedBatch } from '../../lib/broker/broker.ts'
import { contentSize } from '../../lib/broker/record-size.ts'
import type { FetchAnswer } from './connection.ts'
import { decodeChunk } from './log/decode-chunk.ts'

/** The port's batch; with `to`, only what lies before that offset. */
export function fetchedBatch(
  { topic, partition, from, next, chunks }: FetchAnswer,
  generation: number,
  to = Number.POSITIVE_INFINITY,
): FetchedBatch {
  const records = chunks
    .flatMap((chunk) => decodeChunk(chunk, { topic, partition }))
    .filter(({ offset }) => offset >= from && offset < to)
  const bytes = records.reduce((sum, record) => sum + contentSize(record), 0)
  return { topic, partition, generation, records, next: Math.min(next, to), bytes }
}
