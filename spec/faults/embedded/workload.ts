import { NO_HEADERS, type OutRecord } from '../../../lib/record.ts'

export const TOPIC = 'numbers'
export const GROUP = 'counters'
export const PARTITIONS = 6
export const RECORDS = 200_000
export const SENT_AT_ONCE = 200

const PADDING = 'x'.repeat(120)

/** Record n of the input: its number, padded, in the partition of n. */
export function numbered(n: number): OutRecord {
  return {
    topic: TOPIC,
    partition: n % PARTITIONS,
    key: Buffer.from(String(n % 1000)),
    value: Buffer.from(String(n).padStart(10, '0') + PADDING),
    timestamp: 1_700_000_000_000 + n,
    headers: NO_HEADERS,
  }
}
