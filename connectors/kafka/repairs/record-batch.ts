import { MillraceError } from '../../../lib/errors.ts'
import { type Headers, NO_HEADERS } from '../../../lib/record.ts'
import { VarintReader } from './varint-reader.ts'

export interface DecodedRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
  readonly isControlRecord: boolean
  readonly batchContext: BatchContext
}

export interface BatchContext {
  readonly producerId: string
  readonly inTransaction: boolean
}

export interface Codec {
  decompress(bytes: Buffer): Promise<Buffer>
}

/** Finds the codec for the attributes of a batch; `null` for uncompressed ones. */
export type CodecLookup = (attributes: number) => Codec | null

export interface RecordBatch {
  readonly records: readonly DecodedRecord[]
  /** The offset after this batch. Compaction may have removed its last records, or all of them. */
  readonly next: number
}

/** Bytes before `length` starts to count. */
export const BATCH_PREFIX = 12
const ATTRIBUTES_AT = 21
const LAST_OFFSET_DELTA_AT = 23
const FIRST_TIMESTAMP_AT = 27
const MAX_TIMESTAMP_AT = 35
const PRODUCER_ID_AT = 43
const COUNT_AT = 57
const RECORDS_AT = 61
const CODEC = 0x07
const LOG_APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const RECORD_ATTRIBUTES_SIZE = 1
const EMPTY = Buffer.alloc(0)

/** Its bytes would be read as records, and might look like some. */
class UnknownCodec extends Error {
  override readonly name = 'UnknownCodec'
}

/** Decodes one whole record batch, magic 2 (Kafka's DefaultRecordBatch). Rejects with `POISON`. */
export async function decodeRecordBatch(batch: Buffer, codecs: CodecLookup): Promise<RecordBatch> {
  const firstOffset = Number(batch.readBigInt64BE(0))
  try {
    const records = await decodeRecords(batch, firstOffset, codecs)
    return { records, next: firstOffset + batch.readInt32BE(LAST_OFFSET_DELTA_AT) + 1 }
  } catch (cause) {
    const compression = batch.readInt16BE(ATTRIBUTES_AT) & CODEC
    const name = cause instanceof Error ? cause.name : 'unknown error'
    throw new MillraceError(
      'POISON',
      `the record batch at offset ${firstOffset} can't be decoded (compression ${compression}): ${name}`,
      { offset: firstOffset },
    )
  }
}

async function decodeRecords(
  batch: Buffer,
  firstOffset: number,
  codecs: CodecLookup,
): Promise<DecodedRecord[]> {
  const attributes = batch.readInt16BE(ATTRIBUTES_AT)
  const count = batch.readInt32BE(COUNT_AT)
  if (count <= 0) return []
  const body = batch.subarray(RECORDS_AT)
  const codec = codecs(attributes)
  if (codec === null && (attributes & CODEC) !== 0) throw new UnknownCodec()
  const reader = new VarintReader(codec === null ? body : await codec.decompress(body))
  const context: BatchContext = {
    producerId: batch.readBigInt64BE(PRODUCER_ID_AT).toString(),
    inTransaction: (attributes & TRANSACTIONAL) !== 0,
  }
  const isControlRecord = (attributes & CONTROL) !== 0
  const timestampOf = timestamps(batch, attributes)
  const headersOf = headersReader(reader)
  const records: DecodedRecord[] = []
  for (let i = 0; i < count; i++) {
    reader.varint()
    reader.skip(RECORD_ATTRIBUTES_SIZE)
    records.push({
      timestamp: timestampOf(reader.varint()),
      offset: firstOffset + reader.varint(),
      key: reader.bytes(),
      value: reader.bytes(),
      headers: headersOf(),
      isControlRecord,
      batchContext: context,
    })
  }
  return records
}

function timestamps(batch: Buffer, attributes: number): (delta: number) => number {
  if ((attributes & LOG_APPEND_TIME) !== 0) {
    const appended = Number(batch.readBigInt64BE(MAX_TIMESTAMP_AT))
    return () => appended
  }
  const first = Number(batch.readBigInt64BE(FIRST_TIMESTAMP_AT))
  return (delta) => first + delta
}

/** Records in a row often have the same headers: they share them. */
function headersReader(reader: VarintReader): () => Headers {
  let [from, to] = [0, 0]
  let headers = NO_HEADERS
  return () => {
    if (to > from && reader.repeats(from, to)) {
      reader.skip(to - from)
      return headers
    }
    from = reader.at
    headers = readHeaders(reader)
    to = reader.at
    return headers
  }
}

/** A header without a value reads as an empty one: `Headers` knows no null. */
function readHeaders(reader: VarintReader): Headers {
  const count = reader.varint()
  if (count <= 0) return NO_HEADERS
  const headers: (readonly [string, Buffer])[] = []
  for (let i = 0; i < count; i++) {
    const name = reader.bytes() ?? EMPTY
    headers.push([name.toString(), reader.bytes() ?? EMPTY])
  }
  return headers
}
