/** What a partition's entry in the store says; written with every append, in the same atomic batch. */
export interface PartitionState {
  /** First offset held. */
  readonly earliest: number
  /** One past the last offset ever written. */
  readonly end: number
  /** Of all chunks held. */
  readonly bytes: number
  /** Largest timestamp ever appended: what the time index is about. */
  readonly maxTimestamp: number
  /** Appended since the last entry of the time index. */
  readonly unindexedBytes: number
  /** Compaction has seen everything before this offset. */
  readonly cleanedTo: number
  /** Of the chunks that compaction has seen. */
  readonly cleanedBytes: number
}

export const EMPTY: PartitionState = Object.freeze({
  earliest: 0,
  end: 0,
  bytes: 0,
  maxTimestamp: Number.NEGATIVE_INFINITY,
  unindexedBytes: 0,
  cleanedTo: 0,
  cleanedBytes: 0,
})

const FIELDS = Object.keys(EMPTY) as (keyof PartitionState)[]

/** Doubles in a row: exact up to 2^53, as offsets are in the port. */
export function encodeState(state: PartitionState): Buffer {
  const bytes = Buffer.allocUnsafe(FIELDS.length * 8)
  FIELDS.forEach((field, i) => {
    bytes.writeDoubleBE(state[field], i * 8)
  })
  return bytes
}

export function decodeState(bytes: Buffer): PartitionState {
  return Object.fromEntries(
    FIELDS.map((field, i) => [field, bytes.readDoubleBE(i * 8)]),
  ) as unknown as PartitionState
}
