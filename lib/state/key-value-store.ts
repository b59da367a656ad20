import { internalSerde } from '../contract/internal-serde.ts'
import type { KeyValueSpec } from '../topology/store.ts'
import { KeyCodec } from './key-codec.ts'
import type { OrderedBytes } from './ordered-bytes.ts'
import { type Row, RowCodec, type StoredRow } from './row.ts'

/** The newest value of each key. (KeyValueStore, TimestampedKeyValueStore) */
export class KeyValueStore<K, V> {
  readonly #bytes: OrderedBytes
  readonly #keys: KeyCodec<K>
  readonly #rows: RowCodec<V>

  constructor(spec: KeyValueSpec<K, V>, bytes: OrderedBytes) {
    this.#bytes = bytes
    this.#keys = new KeyCodec(internalSerde(spec.key))
    this.#rows = new RowCodec(internalSerde(spec.value), spec.timestamped)
  }

  get(key: K): Row<V> | undefined {
    const bytes = this.#bytes.get(this.#keys.encode(key))
    return bytes === undefined ? undefined : this.#rows.decode(bytes)
  }

  /** A null value deletes. */
  put(key: K, value: V | null, timestamp = -1): void {
    const code = this.#keys.encode(key)
    if (value === null) this.#bytes.delete(code)
    else this.#bytes.set(code, this.#rows.encode(value, timestamp))
  }

  delete(key: K): void {
    this.#bytes.delete(this.#keys.encode(key))
  }

  /** Ascending by key bytes, both ends included; null is open. */
  *range(from: K | null, to: K | null): Iterable<StoredRow<K, V>> {
    const first = from === null ? undefined : this.#keys.encode(from)
    // The byte string right behind `to`: a range of bytes excludes its end.
    const behind = to === null ? undefined : `${this.#keys.encode(to)}\0`
    for (const [code, bytes] of this.#bytes.entries(first, behind)) {
      yield { key: this.#keys.decode(code), ...this.#rows.decode(bytes) }
    }
  }

  all(): Iterable<StoredRow<K, V>> {
    return this.range(null, null)
  }
}
