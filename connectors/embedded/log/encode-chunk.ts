import { crc32 } from 'node:zlib'
import { contentSize, recordSize } from '../../../lib/broker/record-size.ts'
import type { Headers } from '../../../lib/record.ts'
import {
  CONTENT_AT,
  COUNT_AT,
  CRC_AT,
  DELETE_HORIZON_AT,
  HEAD_BYTES,
  MAX_TIMESTAMP_AT,
  SPAN_AT,
} from './chunk-layout.ts'

export interface ChunkRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: number
  readonly headers: Headers
}

/** Of a chunk that compaction writes again: its span, and each record's distance from the first offset. */
export interface Gaps {
  readonly span: number
  readonly deltas: readonly number[]
  readonly deleteHorizon: number
}

/** Encodes at least one record; without gaps their offsets follow each other. */
export function encodeChunk(records: readonly ChunkRecord[], gaps?: Gaps): Buffer {
  let room = HEAD_BYTES
  for (const record of records) room += recordSize(record)
  const chunk = Buffer.allocUnsafe(room)
  let end = HEAD_BYTES
  let maxTimestamp = Number.NEGATIVE_INFINITY
  let content = 0
  records.forEach((record, i) => {
    end = writeRecord(chunk, end, gaps?.deltas[i] ?? i, record)
    maxTimestamp = Math.max(maxTimestamp, record.timestamp)
    content += contentSize(record)
  })
  chunk.writeUInt32BE(gaps?.span ?? records.length - 1, SPAN_AT)
  chunk.writeUInt32BE(records.length, COUNT_AT)
  chunk.writeDoubleBE(maxTimestamp, MAX_TIMESTAMP_AT)
  chunk.writeDoubleBE(gaps?.deleteHorizon ?? 0, DELETE_HORIZON_AT)
  chunk.writeUInt32BE(content, CONTENT_AT)
  chunk.writeUInt32BE(crc32(chunk.subarray(SPAN_AT, end)), CRC_AT)
  return chunk.subarray(0, end)
}

function writeRecord(chunk: Buffer, start: number, delta: number, record: ChunkRecord): number {
  let at = writeVarint(chunk, start, delta)
  at = chunk.writeDoubleBE(record.timestamp, at)
  at = writeBytes(chunk, at, record.key)
  at = writeBytes(chunk, at, record.value)
  at = writeVarint(chunk, at, record.headers.length)
  for (const [name, value] of record.headers) {
    at = writeVarint(chunk, at, Buffer.byteLength(name) + 1)
    at += chunk.write(name, at, 'utf8')
    at = writeBytes(chunk, at, value)
  }
  return at
}

function writeBytes(chunk: Buffer, start: number, bytes: Buffer | null): number {
  if (bytes === null) return writeVarint(chunk, start, 0)
  const at = writeVarint(chunk, start, bytes.length + 1)
  chunk.set(bytes, at)
  return at + bytes.length
}

function writeVarint(chunk: Buffer, start: number, number: number): number {
  let at = start
  let rest = number
  while (rest > 0x7f) {
    chunk[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  chunk[at++] = rest
  return at
}
