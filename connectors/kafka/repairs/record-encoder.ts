import type { Headers } from '../../../lib/record.ts'

export interface EncodableRecord {
  readonly offsetDelta: number
  readonly timestampDelta: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
}

/** What kafkajs' Encoder accepts in place of another Encoder. */
export interface EncodedRecord {
  readonly buf: Buffer
  readonly buffer: Buffer
}

const ATTRIBUTES_SIZE = 1

/**
 * One record of a batch, magic 2 (kafkajs' protocol/recordBatch/record/v0). The stock encoder takes headers as an
 * object, so that their order is lost where a name occurs more than once or looks like a number.
 */
export function encodeRecord(record: EncodableRecord): EncodedRecord {
  const names = record.headers.map(([name]) => Buffer.from(name))
  const body = bodySize(record, names)
  const buf = Buffer.allocUnsafe(sizeOfVarint(body) + body)
  let at = writeVarint(buf, body, 0)
  buf[at++] = 0
  at = writeVarint(buf, record.timestampDelta, at)
  at = writeVarint(buf, record.offsetDelta, at)
  at = writeBytes(buf, record.key, at)
  at = writeBytes(buf, record.value, at)
  at = writeVarint(buf, names.length, at)
  names.forEach((name, i) => {
    at = writeBytes(buf, name, at)
    at = writeBytes(buf, record.headers[i]![1], at)
  })
  return { buf, buffer: buf }
}

function bodySize(record: EncodableRecord, names: readonly Buffer[]): number {
  const headers = names.reduce(
    (size, name, i) => size + sizeOfBytes(name) + sizeOfBytes(record.headers[i]![1]),
    sizeOfVarint(names.length),
  )
  return (
    ATTRIBUTES_SIZE +
    sizeOfVarint(record.timestampDelta) +
    sizeOfVarint(record.offsetDelta) +
    sizeOfBytes(record.key) +
    sizeOfBytes(record.value) +
    headers
  )
}

/** Zigzag, without 32-bit operators: timestamp deltas may need more. */
function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1
}

function sizeOfVarint(value: number): number {
  let rest = zigzag(value)
  let size = 1
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
  return size
}

function writeVarint(buf: Buffer, value: number, start: number): number {
  let at = start
  let rest = zigzag(value)
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) buf[at++] = (rest % 0x80) | 0x80
  buf[at++] = rest
  return at
}

function sizeOfBytes(bytes: Buffer | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length
}

function writeBytes(buf: Buffer, bytes: Buffer | null, start: number): number {
  if (bytes === null) return writeVarint(buf, -1, start)
  const at = writeVarint(buf, bytes.length, start)
  return at + bytes.copy(buf, at)
}
