/**
 * A chunk is what is stored and sent as one piece: consecutive records of one partition. It knows nothing of its
 * offset, which is in its key, so that the owner of the log never has to take it apart.
 *
 *     crc32 of what follows u32 · span u32 · records u32 · largest timestamp f64 · delete horizon f64 · content u32
 *     per record: offset from the first varint · timestamp f64 · key · value · headers varint · (name · value)…
 *
 * Keys and values: varint of length + 1 (0 is null), bytes. Numbers are big endian, varints LEB128.
 */
export const CRC_AT = 0
/** Last offset − first offset, of the chunk as it was appended: compaction leaves gaps, and this as it is. */
export const SPAN_AT = 4
export const COUNT_AT = 8
/** Milliseconds. */
export const MAX_TIMESTAMP_AT = 12
/** From when on its tombstones may go (milliseconds); 0 until compaction has seen them (KIP-534). */
export const DELETE_HORIZON_AT = 20
/** Sum of key, value and header bytes. */
export const CONTENT_AT = 28
export const HEAD_BYTES = 32

/** What can be known of a chunk without decoding it. */
export interface ChunkHead {
  readonly span: number
  readonly count: number
  readonly maxTimestamp: number
  readonly deleteHorizon: number
  readonly content: number
}

export function readHead(chunk: Buffer): ChunkHead {
  return {
    span: chunk.readUInt32BE(SPAN_AT),
    count: chunk.readUInt32BE(COUNT_AT),
    maxTimestamp: chunk.readDoubleBE(MAX_TIMESTAMP_AT),
    deleteHorizon: chunk.readDoubleBE(DELETE_HORIZON_AT),
    content: chunk.readUInt32BE(CONTENT_AT),
  }
}
