import type { BrokerAdmin, FetchedBatch, Range } from '../../lib/broker/broker.ts'
import { requireHeldRanges } from '../../lib/broker/held-ranges.ts'
import type { Link } from './door/link.ts'
import { fetchedBatch } from './fetched.ts'

const PARTITION_BYTES = 1024 * 1024

type Cursor = { -readonly [K in keyof Range]: Range[K] }

/**
 * Reads ranges without a group, the next fetch only when the last one's batches have been taken. Rejects with
 * `DATA_LOSS` when a range is not held (any more).
 */
export async function* readRanges(
  link: Link,
  admin: BrokerAdmin,
  ranges: readonly Range[],
): AsyncGenerator<FetchedBatch> {
  const wanted = ranges.filter(({ from, to }) => from < to)
  await requireHeldRanges(admin, wanted)
  const never = new AbortController().signal
  for (const range of wanted) {
    const cursor: Cursor = { ...range }
    while (cursor.from < cursor.to) {
      const { topic, partition, from, to } = cursor
      const ask = { topic, partition, offset: from, maxBytes: PARTITION_BYTES }
      for (const answer of await link.ask((connection) => connection.fetch([ask], never))) {
        cursor.from = answer.next
        yield fetchedBatch(answer, 0, to)
      }
    }
  }
}
