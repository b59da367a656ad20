import type { Serde } from '../contract/serde.ts'

/** A value and, where the store keeps one, the time it is of. (ValueAndTimestamp) */
export interface Row<V> {
  readonly value: V
  /** Milliseconds; -1 where the store keeps none. */
  readonly timestamp: number
}

export interface StoredRow<K, V> extends Row<V> {
  readonly key: K
}

const TIMESTAMP_BYTES = 8

/** Rows as bytes: the timestamp, where it is kept, then the value. */
export class RowCodec<V> {
  readonly #value: Serde<V>
  readonly #timestamped: boolean

  constructor(value: Serde<V>, timestamped: boolean) {
    this.#value = value
    this.#timestamped = timestamped
  }

  encode(value: V, timestamp: number): Buffer {
    const encoded = this.#value.encode(value)
    if (!this.#timestamped) return encoded
    const bytes = Buffer.allocUnsafe(TIMESTAMP_BYTES + encoded.length)
    bytes.writeDoubleBE(timestamp)
    encoded.copy(bytes, TIMESTAMP_BYTES)
    return bytes
  }

  decode(bytes: Buffer): Row<V> {
    if (!this.#timestamped) return { value: this.#value.decode(bytes), timestamp: -1 }
    return { value: this.#value.decode(bytes.subarray(TIMESTAMP_BYTES)), timestamp: bytes.readDoubleBE() }
  }
}
