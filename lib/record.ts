/** Record headers in order; a name may occur more than once, as in Kafka. */
export type Headers = ReadonlyArray<readonly [name: string, value: Buffer]>

export const NO_HEADERS: Headers = Object.freeze([])

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A position is the offset of the next record to read, never of the last one read. */
export interface Position extends TopicPartition {
  readonly offset: number
}

/** A record as a broker holds it: bytes. Timestamps are milliseconds since 1970 UTC. */
export interface RawRecord extends Position {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: number
  readonly headers: Headers
}

/** A record on its way to a broker. Without `partition` it goes where Kafka's default partitioner puts its key. */
export interface OutRecord {
  readonly topic: string
  readonly partition?: number | undefined
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: number
  readonly headers: Headers
}

/** What a step's callback sees beside the value. `topic`, `partition` and `offset` say where the record came from. */
export interface Context<K = unknown> {
  readonly key: K
  readonly timestamp: number
  readonly headers: Headers
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** The record as it was read: what a dead letter keeps. */
  readonly raw: RawRecord
}

/** The same record under another key, and perhaps at another time. Written out: it is on the hot path. */
export function rekeyed<K>(
  { headers, topic, partition, offset, raw }: Context,
  key: K,
  timestamp: number,
): Context<K> {
  return { key, timestamp, headers, topic, partition, offset, raw }
}

/** Milliseconds since 1970; a record has none before, and no fractions. */
export function isTimestamp(time: number): boolean {
  return Number.isSafeInteger(time) && time >= 0
}

export function headerOf(headers: Headers, name: string): Buffer | undefined {
  return headers.find(([header]) => header === name)?.[1]
}
