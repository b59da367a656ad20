import { crc32 } from 'node:zlib'
import { MillraceError } from '../../../lib/errors.ts'
import { type Headers, NO_HEADERS, type RawRecord, type TopicPartition } from '../../../lib/record.ts'
import { COUNT_AT, CRC_AT, HEAD_BYTES, SPAN_AT } from './chunk-layout.ts'

/** A chunk and where it ends. */
export interface StoredChunk {
  readonly last: number
  readonly bytes: Buffer
}

/** The records of a chunk, their bytes being views of it. Rejects with `DATA_LOSS` what is not as it was written. */
export function decodeChunk({ last, bytes }: StoredChunk, at: TopicPartition): RawRecord[] {
  requireWhole({ last, bytes }, at)
  const reader = new ChunkReader(bytes)
  const first = last - bytes.readUInt32BE(SPAN_AT)
  const records: RawRecord[] = []
  const count = bytes.readUInt32BE(COUNT_AT)
  for (let i = 0; i < count; i++) {
    records.push({
      topic: at.topic,
      partition: at.partition,
      offset: first + reader.varint(),
      timestamp: reader.double(),
      key: reader.bytes(),
      value: reader.bytes(),
      headers: reader.headers(),
    })
  }
  return records
}

function requireWhole({ last, bytes }: StoredChunk, { topic, partition }: TopicPartition): void {
  if (bytes.length >= HEAD_BYTES && crc32(bytes.subarray(SPAN_AT)) === bytes.readUInt32BE(CRC_AT)) return
  throw new MillraceError(
    'DATA_LOSS',
    `${topic}/${partition}: the embedded log's records up to ${last} are damaged on disk (checksum); restore its folder from a backup`,
    { topic, partition, offset: last },
  )
}

class ChunkReader {
  readonly #chunk: Buffer
  #at = HEAD_BYTES

  constructor(chunk: Buffer) {
    this.#chunk = chunk
  }

  varint(): number {
    let number = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#chunk[this.#at++]!
      number |= (byte & 0x7f) << shift
      if (byte < 0x80) return number >>> 0
    }
  }

  double(): number {
    this.#at += 8
    return this.#chunk.readDoubleBE(this.#at - 8)
  }

  bytes(): Buffer | null {
    const length = this.varint() - 1
    if (length < 0) return null
    this.#at += length
    return this.#chunk.subarray(this.#at - length, this.#at)
  }

  headers(): Headers {
    const count = this.varint()
    if (count === 0) return NO_HEADERS
    return Array.from({ length: count }, () => [this.bytes()!.toString('utf8'), this.bytes()!] as const)
  }
}
