import { internalSerde } from '../contract/internal-serde.ts'
import type { SessionSpec } from '../topology/store.ts'
import type { Windowed } from '../windows/windowed.ts'
import { KeyCodec } from './key-codec.ts'
import type { OperatorTime } from './operator-time.ts'
import type { OrderedBytes } from './ordered-bytes.ts'
import { RowCodec, type StoredRow } from './row.ts'
import { readTime, TIME_BYTES, timeCode } from './time-code.ts'
import { TimeIndex } from './time-index.ts'

/** Behind any time. */
const LAST = '\xff'
const TIMES = 2 * TIME_BYTES

/** Milliseconds. */
const SHORTEST_SEGMENT = 60_000

/**
 * Values by key and session [start, end], forgotten when they end `retention` behind the newest end. It keeps no
 * timestamps: a session is of its end. (SessionStore, RocksDBSessionStore)
 *
 * Held as key, end, start; a second index by end tells what has closed, and what to remove. As in Kafka Streams what
 * is forgotten is removed a segment of time at once, and until then is found by its end alone.
 */
export class SessionStore<K, V> {
  readonly #spec: SessionSpec<K, V>
  readonly #bytes: OrderedBytes
  readonly #byEnd = new TimeIndex()
  readonly #keys: KeyCodec<K>
  readonly #rows: RowCodec<V>
  readonly #time: OperatorTime

  /** `time` is the store's own: the newest end put, saved with it. */
  constructor(spec: SessionSpec<K, V>, bytes: OrderedBytes, time: OperatorTime) {
    this.#spec = spec
    this.#bytes = bytes
    this.#time = time
    this.#keys = new KeyCodec(internalSerde(spec.key))
    this.#rows = new RowCodec(internalSerde(spec.value), false)
    for (const code of bytes.keys()) this.#byEnd.add(endCode(code), code)
  }

  get({ key, start, end }: Windowed<K>): V | undefined {
    if (end <= this.#horizon()) return undefined
    const bytes = this.#bytes.get(this.#code(key, start, end))
    return bytes === undefined ? undefined : this.#rows.decode(bytes).value
  }

  /** A null value deletes, and moves the store's time all the same. What is too old already is not kept. */
  put(session: Windowed<K>, value: V | null): void {
    this.putRow(session, this.row(value))
  }

  /** How a value is kept: throws where it can't be, before others are removed for it. */
  row(value: V | null): Buffer | null {
    return value === null ? null : this.#rows.encode(value, -1)
  }

  /** Puts what `row` gave. */
  putRow({ key, start, end }: Windowed<K>, row: Buffer | null): void {
    this.#time.observe(end)
    const kept = this.#kept()
    for (const code of this.#byEnd.take(kept - 1)) this.#bytes.delete(code)
    if (end < kept) return
    const code = this.#code(key, start, end)
    if (row === null) this.#forget(code)
    else this.#keep(code, row)
  }

  remove({ key, start, end }: Windowed<K>): void {
    this.#forget(this.#code(key, start, end))
  }

  /** The key's sessions that end at `earliestEnd` or later and start at `latestStart` or earlier, ascending by end. */
  *find(key: K, earliestEnd: number, latestStart: number): Iterable<StoredRow<Windowed<K>, V>> {
    const prefix = this.#keys.encodePrefix(key)
    const first = timeCode(Math.max(0, earliestEnd, this.#horizon() + 1))
    for (const [code, bytes] of this.#bytes.entries(prefix + first, prefix + LAST)) {
      if (startOf(code) <= latestStart) yield this.#stored(code, bytes)
    }
  }

  /** All sessions of the key, ascending by end. */
  fetch(key: K): Iterable<StoredRow<Windowed<K>, V>> {
    return this.find(key, 0, Number.POSITIVE_INFINITY)
  }

  /** The sessions of all keys that end in [earliest, latest], ascending by end, then key: forgotten ones, too. */
  *findAll(earliest: number, latest: number): Iterable<StoredRow<Windowed<K>, V>> {
    const first = timeCode(Math.max(0, earliest))
    for (const code of this.#byEnd.between(first, timeCode(Math.max(0, latest + 1)))) {
      const bytes = this.#bytes.get(code)
      if (bytes !== undefined) yield this.#stored(code, bytes)
    }
  }

  /** Ascending by key, then end, then start. */
  *all(): Iterable<StoredRow<Windowed<K>, V>> {
    for (const [code, bytes] of this.#bytes.entries()) {
      if (endOf(code) > this.#horizon()) yield this.#stored(code, bytes)
    }
  }

  /** What ends here or earlier is forgotten. */
  #horizon(): number {
    return this.#time.now - this.#spec.retention
  }

  /** What ends before this has been removed. (AbstractSegments#minLiveSegment) */
  #kept(): number {
    const length = Math.max(Math.floor(this.#spec.retention / 2), SHORTEST_SEGMENT)
    return Math.floor(this.#horizon() / length) * length
  }

  #keep(code: string, bytes: Buffer): void {
    const before = this.#bytes.size
    this.#bytes.set(code, bytes)
    if (this.#bytes.size > before) this.#byEnd.add(endCode(code), code)
  }

  #forget(code: string): void {
    this.#bytes.delete(code)
    this.#byEnd.remove(endCode(code), code)
  }

  #code(key: K, start: number, end: number): string {
    return this.#keys.encodePrefix(key) + timeCode(end) + timeCode(start)
  }

  #stored(code: string, bytes: Buffer): StoredRow<Windowed<K>, V> {
    const { key } = this.#keys.decodePrefix(code)
    return { key: { key, start: startOf(code), end: endOf(code) }, ...this.#rows.decode(bytes) }
  }
}

function endCode(code: string): string {
  return code.slice(-TIMES, -TIME_BYTES)
}

function endOf(code: string): number {
  return readTime(code, code.length - TIMES)
}

function startOf(code: string): number {
  return readTime(code, code.length - TIME_BYTES)
}
