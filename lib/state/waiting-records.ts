import type { Serde } from '../contract/serde.ts'
import { structured } from '../contract/structured.ts'
import type { Context, Headers, RawRecord } from '../record.ts'
import { KeyCodec } from './key-codec.ts'
import type { OrderedBytes } from './ordered-bytes.ts'
import { readTime, TIME_BYTES, timeCode } from './time-code.ts'

export interface WaitingRecord {
  readonly value: unknown
  readonly context: Context
}

/** What is kept of a record beside key and timestamp, which are where it lies. */
interface Kept {
  readonly value: Buffer
  /** Undefined: those of the raw record. */
  readonly headers: Headers | undefined
  readonly raw: RawRecord
}

const KEPT = structured<Kept>()

/**
 * Records that wait for their time to come, whole: what follows from them later has their headers, and is ascribed to
 * them. Ordered by time, then key bytes, then arrival. (RocksDBTimeOrderedKeyValueBuffer)
 */
export class WaitingRecords {
  readonly #bytes: OrderedBytes
  readonly #keys: KeyCodec<unknown>
  readonly #values: Serde<unknown>
  /** Tells apart those of one key and time. */
  #number = 0
  /** None waits that is older. */
  #earliest = Number.POSITIVE_INFINITY

  constructor(key: Serde<unknown>, value: Serde<unknown>, bytes: OrderedBytes) {
    this.#bytes = bytes
    this.#keys = new KeyCodec(key)
    this.#values = value
    for (const code of bytes.keys()) {
      this.#number = Math.max(this.#number, readTime(code, code.length - TIME_BYTES) + 1)
      this.#earliest = Math.min(this.#earliest, readTime(code, 0))
    }
  }

  add(value: unknown, { key, timestamp, headers, raw }: Context): void {
    const code = timeCode(timestamp) + this.#keys.encodePrefix(key) + timeCode(this.#number++)
    const kept = {
      value: this.#values.encode(value),
      headers: headers === raw.headers ? undefined : headers,
      raw,
    }
    this.#bytes.set(code, KEPT.encode(kept))
    this.#earliest = Math.min(this.#earliest, timestamp)
  }

  /** Takes out all up to this time, included. */
  *take(until: number): Generator<WaitingRecord, void> {
    if (this.#earliest > until) return
    for (const [code, bytes] of this.#bytes.entries(undefined, timeCode(until + 1))) {
      this.#bytes.delete(code)
      yield this.#restored(code, KEPT.decode(bytes))
    }
    const [next] = this.#bytes.entries()
    this.#earliest = next === undefined ? Number.POSITIVE_INFINITY : readTime(next[0], 0)
  }

  #restored(code: string, { value, headers, raw }: Kept): WaitingRecord {
    const { topic, partition, offset } = raw
    const { key } = this.#keys.decodePrefix(code.slice(TIME_BYTES))
    const timestamp = readTime(code, 0)
    const context = { key, timestamp, headers: headers ?? raw.headers, topic, partition, offset, raw }
    return { value: this.#values.decode(value), context }
  }
}
