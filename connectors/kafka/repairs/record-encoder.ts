import type { Headers } from '../../../lib/record.ts'

export interface EncodableRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
}

/** Beyond these numbers bits can't be moved with 32-bit operators. */
const INT_32 = 2 ** 31
const ATTRIBUTES_SIZE = 1

/** Of a record of a batch, magic 2, behind its length: what that says. */
export function bodySize(record: EncodableRecord, offsetDelta: number, timestampDelta: number): number {
  const { key, value, headers } = record
  let size = ATTRIBUTES_SIZE + sizeOfVarint(timestampDelta) + sizeOfVarint(offsetDelta)
  size += sizeOfBytes(key) + sizeOfBytes(value) + sizeOfVarint(headers.length)
  // By index, here and below: an iterator would be an object a record.
  for (let i = 0; i < headers.length; i++) {
    const [name, header] = headers[i]!
    const length = Buffer.byteLength(name)
    size += sizeOfVarint(length) + length + sizeOfBytes(header)
  }
  return size
}

/** Writes its length and the record; returns where it ends. @param body its size */
export function writeRecord(
  into: Buffer,
  start: number,
  body: number,
  { key, value, headers }: EncodableRecord,
  offsetDelta: number,
  timestampDelta: number,
): number {
  let at = writeVarint(into, body, start)
  into[at++] = 0
  at = writeVarint(into, timestampDelta, at)
  at = writeVarint(into, offsetDelta, at)
  at = writeBytes(into, key, at)
  at = writeBytes(into, value, at)
  at = writeVarint(into, headers.length, at)
  for (let i = 0; i < headers.length; i++) {
    const [name, header] = headers[i]!
    at = writeVarint(into, Buffer.byteLength(name), at)
    at += into.write(name, at)
    at = writeBytes(into, header, at)
  }
  return at
}

/** How many bytes a record takes whose body is of that size. */
export function withLength(body: number): number {
  return sizeOfVarint(body) + body
}

/** Zigzag, without 32-bit operators: timestamp deltas may need more. */
function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1
}

function shifted(rest: number): number {
  return rest < INT_32 ? rest >>> 7 : Math.floor(rest / 0x80)
}

function sizeOfVarint(value: number): number {
  let rest = zigzag(value)
  let size = 1
  for (; rest >= 0x80; rest = shifted(rest)) size++
  return size
}

function writeVarint(into: Buffer, value: number, start: number): number {
  let at = start
  let rest = zigzag(value)
  for (; rest >= 0x80; rest = shifted(rest)) into[at++] = (rest % 0x80) | 0x80
  into[at++] = rest
  return at
}

function sizeOfBytes(bytes: Buffer | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length
}

function writeBytes(into: Buffer, bytes: Buffer | null, start: number): number {
  if (bytes === null) return writeVarint(into, -1, start)
  const at = writeVarint(into, bytes.length, start)
  into.set(bytes, at)
  return at + bytes.length
}
