import { NO_HEADERS } from '../../../lib/record.ts'
import { BATCH_PREFIX, type CodecLookup, type DecodedRecord, decodeRecordBatch } from './record-batch.ts'

/** The part of kafkajs' Decoder that is used here. */
export interface WireDecoder {
  readInt32(): number
  canReadBytes(length: number): boolean
  readBytes(length: number): Buffer
}

/** The records of one partition in a fetch answer, and the offset after the last whole batch (0 if there is none). */
export type DecodedRecords = DecodedRecord[] & { next: number }

/** kafkajs' decoder of the formats from before Kafka 0.11. */
export type OldFormatDecoder = (messages: Buffer) => Promise<readonly OldMessage[]>

export interface OldMessage {
  readonly offset: string
  readonly timestamp?: string | undefined
  readonly key: Buffer | null
  readonly value: Buffer | null
}

const LENGTH_AT = 8
const MAGIC_AT = 16
const NO_TIMESTAMP = -1

/**
 * kafkajs' protocol/requests/fetch/v4/decodeMessages. The stock one forgets where batches end, so that a consumer
 * stands still before a batch which compaction has emptied; spreads a batch onto the stack, which overflows from
 * about 100,000 records; and puts headers into an object, which loses their order and breaks on `constructor`.
 */
export function messagesDecoder(codecs: CodecLookup, decodeOldFormat: OldFormatDecoder) {
  return async (decoder: WireDecoder): Promise<DecodedRecords> => {
    const size = decoder.readInt32()
    if (size <= MAGIC_AT || !decoder.canReadBytes(size)) return withNext([], 0)
    const bytes = decoder.readBytes(size)
    return bytes[MAGIC_AT] === 2 ? decodeBatches(bytes, codecs) : fromOldFormat(await decodeOldFormat(bytes))
  }
}

/** The tail may be a part of a batch: the broker cuts at the wanted size. */
async function decodeBatches(bytes: Buffer, codecs: CodecLookup): Promise<DecodedRecords> {
  const decoded = withNext([], 0)
  for (let at = 0; at + BATCH_PREFIX <= bytes.length; ) {
    const end = at + BATCH_PREFIX + bytes.readInt32BE(at + LENGTH_AT)
    if (end > bytes.length) break
    const { records, next } = await decodeRecordBatch(bytes.subarray(at, end), codecs)
    for (const record of records) decoded.push(record)
    decoded.next = next
    at = end
  }
  return decoded
}

function fromOldFormat(messages: readonly OldMessage[]): DecodedRecords {
  const records = messages.map(({ offset, timestamp, key, value }) => ({
    offset: Number(offset),
    timestamp: Number(timestamp ?? NO_TIMESTAMP),
    key,
    value,
    headers: NO_HEADERS,
    isControlRecord: false,
    batchContext: { producerId: '-1', inTransaction: false },
  }))
  return withNext(records, (records.at(-1)?.offset ?? -1) + 1)
}

function withNext(records: DecodedRecord[], next: number): DecodedRecords {
  return Object.assign(records, { next })
}
