import { internalSerde } from '../contract/internal-serde.ts'
import type { WindowSpec } from '../topology/store.ts'
import type { Windowed } from '../windows/windowed.ts'
import { KeyCodec } from './key-codec.ts'
import type { OperatorTime } from './operator-time.ts'
import type { OrderedBytes } from './ordered-bytes.ts'
import { type Row, RowCodec, type StoredRow } from './row.ts'
import { readTime, readWord, TIME_BYTES, timeCode, word } from './time-code.ts'
import { TimeIndex } from './time-index.ts'

/** A row at a time; of an aggregation: in the window that starts then. */
export interface TimedRow<V> extends Row<V> {
  readonly start: number
}

/**
 * Values by key and time, forgotten when they are `retention` behind the newest. (WindowStore, InMemoryWindowStore)
 *
 * Held as key, time (and, where duplicates are kept, a number); a second index by time tells what to forget.
 */
export class WindowStore<K, V> {
  readonly #spec: WindowSpec<K, V>
  readonly #bytes: OrderedBytes
  readonly #byTime = new TimeIndex()
  readonly #keys: KeyCodec<K>
  readonly #rows: RowCodec<V>
  readonly #time: OperatorTime
  /** Of the next value, where duplicates are kept: in the order in which they were put. */
  #number = 0
  #last: K | undefined
  #lastPrefix = ''

  /** `time` is the store's own: the newest time put, saved with it. */
  constructor(spec: WindowSpec<K, V>, bytes: OrderedBytes, time: OperatorTime) {
    this.#spec = spec
    this.#bytes = bytes
    this.#time = time
    this.#keys = new KeyCodec(internalSerde(spec.key))
    this.#rows = new RowCodec(internalSerde(spec.value), spec.timestamped)
    for (const code of bytes.keys()) {
      this.#byTime.add(this.#timeOf(code), code)
      // Numbered on, or what is put next would overwrite what was put before a restart, as it may in Kafka Streams.
      if (spec.duplicates) this.#number = Math.max(this.#number, readWord(code, code.length - 4) + 1)
    }
  }

  /** A null value deletes, and moves the store's time all the same. Returns false for what is too old to be kept. */
  put(key: K, value: V | null, start: number, timestamp = -1): boolean {
    this.#time.observe(start)
    const horizon = this.#horizon()
    for (const code of this.#byTime.take(horizon)) this.#bytes.delete(code)
    if (start <= horizon) return false
    const code = this.#code(key, start)
    if (this.#spec.duplicates) {
      if (value !== null) this.#keep(code + word(this.#number++), this.#rows.encode(value, timestamp))
    } else if (value !== null) this.#keep(code, this.#rows.encode(value, timestamp))
    else {
      this.#bytes.delete(code)
      this.#byTime.remove(this.#timeOf(code), code)
    }
    return true
  }

  get(key: K, start: number): TimedRow<V> | undefined {
    if (start <= this.#horizon()) return undefined
    const bytes = this.#bytes.get(this.#code(key, start))
    return bytes === undefined ? undefined : this.#row(start, bytes)
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
  fetchAll(from: number, to: number): Iterable<StoredRow<Windowed<K>, V>> {
    return this.held(Math.max(from, this.#horizon() + 1), to)
  }

  /** The same, with what is too old already, but has not been removed: the next `put` removes it. */
  *held(from: number, to: number): Iterable<StoredRow<Windowed<K>, V>> {
    const first = timeCode(Math.max(0, from))
    for (const code of this.#byTime.between(first, timeCode(Math.max(0, to + 1)))) {
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
    const prefix = this.#prefixOf(key)
    const first = Math.max(0, from, this.#horizon() + 1)
    return [prefix + timeCode(first), prefix + timeCode(Math.max(first, to + 1))]
  }

  #code(key: K, start: number): string {
    return this.#prefixOf(key) + timeCode(start)
  }

  /** Most keys are asked for several times on end. Only texts are recognized: what they are made of can't change. */
  #prefixOf(key: K): string {
    if (key === this.#last && typeof key === 'string') return this.#lastPrefix
    this.#lastPrefix = this.#keys.encodePrefix(key)
    this.#last = key
    return this.#lastPrefix
  }

  #keep(code: string, bytes: Buffer): void {
    const before = this.#bytes.size
    this.#bytes.set(code, bytes)
    if (this.#bytes.size > before) this.#byTime.add(this.#timeOf(code), code)
  }

  #timeOf(code: string): string {
    const behind = code.length - (this.#spec.duplicates ? 4 : 0)
    return code.slice(behind - TIME_BYTES, behind)
  }

  #row(start: number, bytes: Buffer): TimedRow<V> {
    const { value, timestamp } = this.#rows.decode(bytes)
    return { start, value, timestamp }
  }

  #timed(code: string, bytes: Buffer): TimedRow<V> {
    return this.#row(readTime(this.#timeOf(code), 0), bytes)
  }

  #stored(code: string, bytes: Buffer): StoredRow<Windowed<K>, V> {
    const { key } = this.#keys.decodePrefix(code)
    const start = readTime(this.#timeOf(code), 0)
    const { value, timestamp } = this.#rows.decode(bytes)
    return { key: { key, start, end: start + this.#spec.size }, value, timestamp }
  }
}
