import type { Headers } from '../record.ts'

/** Room for the lengths, deltas and attributes of a record, and of one header. */
const RECORD_OVERHEAD = 32
const HEADER_OVERHEAD = 10

/** Key and value together: more can't be written with Kafka's default `message.max.bytes` of 1 MB. */
export const LARGEST_CONTENT = 900_000

interface Sized {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
}

/** Sum of key, value and header bytes. */
export function contentSize({ key, value, headers }: Sized): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0)
  // By index: an iterator would be an object a record, on the hot path.
  for (let i = 0; i < headers.length; i++) {
    const [name, content] = headers[i]!
    size += Buffer.byteLength(name) + content.length
  }
  return size
}

/** No less than the record takes in a batch, uncompressed. */
export function recordSize(record: Sized): number {
  return RECORD_OVERHEAD + contentSize(record) + record.headers.length * HEADER_OVERHEAD
}
