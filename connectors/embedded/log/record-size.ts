import type { Headers } from '../../../lib/record.ts'

/** Room for delta, timestamp and lengths of a record, and for the lengths of one header. */
const RECORD_OVERHEAD = 29
const HEADER_OVERHEAD = 10

interface Sized {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
}

/** Sum of key, value and header bytes. */
export function contentSize({ key, value, headers }: Sized): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, content] of headers) size += Buffer.byteLength(name) + content.length
  return size
}

/** No less than the record takes in a chunk. */
export function recordSize(record: Sized): number {
  return RECORD_OVERHEAD + contentSize(record) + record.headers.length * HEADER_OVERHEAD
}
