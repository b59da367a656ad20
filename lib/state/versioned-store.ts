import { internalSerde } from '../contract/internal-serde.ts'
import type { VersionedSpec } from '../topology/store.ts'
import { KeyCodec } from './key-codec.ts'
import type { OperatorTime } from './operator-time.ts'
import type { OrderedBytes } from './ordered-bytes.ts'
import { type Row, RowCodec, type StoredRow } from './row.ts'
import { TIME_BYTES, timeCode } from './time-code.ts'
import { TimeIndex } from './time-index.ts'
import { isTombstone, tombstone, versionStart } from './version.ts'

/** What became of a row: it is its key's newest, it is older than that, or it is too old and was not put at all. */
export type PutResult = 'latest' | 'out-of-order' | 'expired'

const LATEST = '\0'
const FORMER = '\x01'
const BEHIND_LATEST = '\x01'

/**
 * The rows of each key as they were at any time within `history` behind the newest time put, of whatever key. The
 * newest row of a key is kept for ever. (VersionedKeyValueStore, RocksDBVersionedStore, KIP-889)
 *
 * The newest row lies under its key. A former one lies under key and time of its end, which is the begin of the next;
 * that tells what to forget, and that a key whose newest row is not there has been deleted, and when.
 */
export class VersionedStore<K, V> {
  readonly #history: number
  readonly #bytes: OrderedBytes
  readonly #byEnd = new TimeIndex()
  readonly #keys: KeyCodec<K>
  readonly #rows: RowCodec<V>
  readonly #time: OperatorTime
  /** The horizon at which what is behind it is removed again. */
  #forgetAt = 0

  /** `time` is the store's own: the newest time put, saved with it. */
  constructor(spec: VersionedSpec<K, V>, bytes: OrderedBytes, time: OperatorTime) {
    this.#history = spec.history
    this.#bytes = bytes
    this.#time = time
    this.#keys = new KeyCodec(internalSerde(spec.key))
    this.#rows = new RowCodec(internalSerde(spec.value), true)
    for (const code of bytes.keys()) if (code.startsWith(FORMER)) this.#byEnd.add(endOf(code), code)
  }

  /** The newest row. */
  get(key: K): Row<V> | undefined {
    const bytes = this.#bytes.get(LATEST + this.#keys.encodePrefix(key))
    return bytes === undefined ? undefined : this.#rows.decode(bytes)
  }

  /** The row as it was then. Further back than `history` only the newest row is known. */
  asOf(key: K, timestamp: number): Row<V> | undefined {
    const prefix = this.#keys.encodePrefix(key)
    const latest = this.#bytes.get(LATEST + prefix)
    if (latest !== undefined && versionStart(latest) <= timestamp) return this.#rows.decode(latest)
    if (timestamp < 0 || timestamp < this.#horizon()) return undefined
    const [former] = this.#endingAfter(prefix, timestamp)
    if (former === undefined) return undefined
    const bytes = former[1]
    return isTombstone(bytes) || versionStart(bytes) > timestamp ? undefined : this.#rows.decode(bytes)
  }

  /**
   * The row from `timestamp` on, until that of the next one of its key; null deletes. One of the same time is
   * replaced. What is older than `history` is not put.
   */
  put(key: K, value: V | null, timestamp: number): PutResult {
    if (timestamp < this.#horizon()) return 'expired'
    this.#time.observe(timestamp)
    this.#forget()
    const prefix = this.#keys.encodePrefix(key)
    const latest = this.#bytes.get(LATEST + prefix)
    if (latest === undefined) return this.#putFormer(prefix, value, timestamp, undefined)
    const start = versionStart(latest)
    if (timestamp < start) return this.#putFormer(prefix, value, timestamp, start)
    if (timestamp > start) this.#keep(prefix, timestamp, latest)
    if (value === null) this.#bytes.delete(LATEST + prefix)
    else this.#putLatest(prefix, value, timestamp)
    return 'latest'
  }

  /** The newest rows, ascending by key bytes. */
  *all(): Iterable<StoredRow<K, V>> {
    for (const [code, bytes] of this.#bytes.entries(LATEST, BEHIND_LATEST)) {
      yield { key: this.#keys.decodePrefix(code.slice(1)).key, ...this.#rows.decode(bytes) }
    }
  }

  /** What ended here or before is not asked for any more, and nothing that begins before is put. */
  #horizon(): number {
    return this.#time.now - this.#history
  }

  /** Many rows at once: that costs less than a few at each put. */
  #forget(): void {
    const horizon = this.#horizon()
    if (horizon < this.#forgetAt) return
    this.#forgetAt = horizon + this.#history / 16
    for (const code of this.#byEnd.take(horizon)) this.#bytes.delete(code)
  }

  /** Among former rows, or before the newest one, which begins at `latest`, or as the newest where there is none. */
  #putFormer(prefix: string, value: V | null, timestamp: number, latest: number | undefined): PutResult {
    const [next] = this.#endingAfter(prefix, timestamp)
    if (next === undefined && latest === undefined) {
      if (value !== null) this.#putLatest(prefix, value, timestamp)
      // That it is deleted is known already where the row before it ends.
      else if (this.#bytes.get(formerCode(prefix, timestamp)) === undefined) {
        this.#keep(prefix, timestamp, tombstone(timestamp))
      }
      return 'latest'
    }
    const bytes = value === null ? tombstone(timestamp) : this.#rows.encode(value, timestamp)
    if (next === undefined) this.#keep(prefix, latest!, bytes)
    else this.#split(prefix, next, timestamp, bytes)
    return 'out-of-order'
  }

  /** Puts a row before `next`, or into it, which then ends where the row begins. */
  #split(prefix: string, [code, next]: readonly [string, Buffer], timestamp: number, bytes: Buffer): void {
    const start = versionStart(next)
    if (start < timestamp) this.#keep(prefix, timestamp, next)
    if (start > timestamp) this.#keep(prefix, start, bytes)
    else this.#bytes.set(code, bytes)
  }

  #putLatest(prefix: string, value: V, timestamp: number): void {
    this.#bytes.set(LATEST + prefix, this.#rows.encode(value, timestamp))
  }

  #keep(prefix: string, end: number, bytes: Buffer): void {
    const code = formerCode(prefix, end)
    const before = this.#bytes.size
    this.#bytes.set(code, bytes)
    if (this.#bytes.size > before) this.#byEnd.add(endOf(code), code)
  }

  /** Former rows of the key that end after `timestamp`, ascending. */
  #endingAfter(prefix: string, timestamp: number): Iterable<readonly [string, Buffer]> {
    return this.#bytes.entries(formerCode(prefix, timestamp + 1), `${FORMER}${prefix}${BEHIND_TIMES}`)
  }
}

/** Sorts behind every time: those of records have no more than 53 bits. */
const BEHIND_TIMES = '\xff'

function formerCode(prefix: string, end: number): string {
  return FORMER + prefix + timeCode(end)
}

function endOf(code: string): string {
  return code.slice(-TIME_BYTES)
}
