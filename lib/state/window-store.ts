import { internalSerde } from '../contract/internal-serde.ts'
import type { WindowSpec } from '../topology/store.ts'
import type { Windowed } from '../windows/windowed.ts'
import { KeyCodec } from './key-codec.ts'
import { MemoryBytes } from './memory-bytes.ts'
import type { OperatorTime } from './operator-time.ts'
import type { OrderedBytes } from './ordered-bytes.ts'
import { type Row, RowCodec, type StoredRow } from './row.ts'
import { readTime, readWord, TIME_BYTES, timeCode, word } from './time-code.ts'

/** A row at a time; of an aggregation: in the window that starts then. */
export interface TimedRow<V> extends Row<V> {
  readonly start: number
}

const NOTHING = Buffer.alloc(0)

/**
 * Values by key and time, forgotten when they are `retention` behind the newest. (WindowStore, InMemoryWindowStore)
 *
 * Held as key, time (and, where duplicates are kept, a number); a second index by time tells what to forget.
 */
export class WindowStore<K, V> {
  readonly #spec: WindowSpec<K, V>
  readonly #bytes: OrderedBytes
  readonly #byTime = new MemoryBytes()
  readonly #keys: KeyCodec<K>
  readonly #rows: RowCodec<V>
  readonly #time: OperatorTime
  /** Of the next value, where duplicates are kept: in the order in which they were put. */
  #number = 0

  /** `time` is the store's own: the newest time put, saved with it. */
  constructor(spec: WindowSpec<K, V>, bytes: OrderedBytes, time: OperatorTime) {
    this.#spec = spec
    this.#bytes = bytes
    this.#time = time
    this.#keys = new KeyCodec(internalSerde(spec.key))
    this.#rows = new RowCodec(internalSerde(spec.value), spec.timestamped)
    for (const [code] of bytes.entries()) {
      this.#byTime.set(this.#timeOf(code) + code, NOTHING)
      // Numbered on, or what is put next would overwrite what was put before a restart, as it may in Kafka Streams.
      if (spec.duplicates) this.#number = Math.max(this.#number, readWord(code, code.length - 4) + 1)
    }
  }

  /** A null value deletes, and moves the store's time as any other. What is too old already is not kept. */
  put(key: K, value: V | null, start: number, timestamp = -1): void {
    this.#time.observe(start)
    this.#expire()
    if (start <= this.#horizon()) return
    const code = this.#keys.encodePrefix(key) + timeCode(start)
    if (value === null) this.#forget(code)
    else
      this.#keep(
        this.#spec.duplicates ? code + word(this.#number++) : code,
        this.#rows.encode(value, timestamp),
      )
  }

  get(key: K, start: number): TimedRow<V> | undefined {
    if (start <= this.#horizon()) return undefined
    const bytes = this.#bytes.get(this.#keys.encodePrefix(key) + timeCode(start))
    return bytes === undefined ? undefined : { start, ...this.#rows.decode(bytes) }
  }

  /** What the key has at times in [from, to], ascending. */
  *fetch(key: K, from: number, to: number): Iterable<TimedRow<V>> {
    const [first, behind] = this.#between(key, from, to)
    for (const [code, bytes] of this.#bytes.entries(first, behind)) yield this.#timed(code, bytes)
  }

  /** The same, descending. */
  *fetchBackward(key: K, from: number, to: number): Iterable<TimedRow<V>> {
    const [first, behind] = this.#between(key, from, to)
    for (const [code, bytes] of this.#bytes.entriesReversed(first, behind)) yield this.#timed(code, bytes)
  }

  /** What all keys have at times in [from, to], ascending by time, then key. */
  *fetchAll(from: number, to: number): Iterable<StoredRow<Windowed<K>, V>> {
    const first = timeCode(Math.max(0, from, this.#horizon() + 1))
    for (const [timed] of this.#byTime.entries(first, timeCode(Math.max(0, to + 1)))) {
      const code = timed.slice(TIME_BYTES)
      const bytes = this.#bytes.get(code)
      if (bytes !== undefined) yield this.#stored(code, bytes)
    }
  }

  /** Ascending by key, then time. */
  *all(): Iterable<StoredRow<Windowed<K>, V>> {
    for (const [code, bytes] of this.#bytes.entries()) {
      if (readTime(this.#timeOf(code), 0) > this.#horizon()) yield this.#stored(code, bytes)
    }
  }

  /** Everything up to here is forgotten. */
  #horizon(): number {
    return this.#time.now - this.#spec.retention
  }

  #between(key: K, from: number, to: number): [string, string] {
    const prefix = this.#keys.encodePrefix(key)
    const first = Math.max(0, from, this.#horizon() + 1)
    return [prefix + timeCode(first), prefix + timeCode(Math.max(first, to + 1))]
  }

  #expire(): void {
    const horizon = this.#horizon()
    if (horizon < 0) return
    for (const [timed] of this.#byTime.entries(undefined, timeCode(horizon + 1))) {
      this.#forget(timed.slice(TIME_BYTES))
    }
  }

  #keep(code: string, bytes: Buffer): void {
    this.#bytes.set(code, bytes)
    this.#byTime.set(this.#timeOf(code) + code, NOTHING)
  }

  #forget(code: string): void {
    this.#bytes.delete(code)
    this.#byTime.delete(this.#timeOf(code) + code)
  }

  #timeOf(code: string): string {
    const behind = code.length - (this.#spec.duplicates ? 4 : 0)
    return code.slice(behind - TIME_BYTES, behind)
  }

  #timed(code: string, bytes: Buffer): TimedRow<V> {
    return { start: readTime(this.#timeOf(code), 0), ...this.#rows.decode(bytes) }
  }

  #stored(code: string, bytes: Buffer): StoredRow<Windowed<K>, V> {
    const { key } = this.#keys.decodePrefix(code)
    const start = readTime(this.#timeOf(code), 0)
    return { key: { key, start, end: start + this.#spec.size }, ...this.#rows.decode(bytes) }
  }
}
