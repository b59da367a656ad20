import { stringKey } from '../contract/serde.ts'
import { structured } from '../contract/structured.ts'
import { type Duration, duration } from '../duration.ts'
import type { Format } from './topic.ts'

/** A state store as it is said: plain data. `name` is unique in the topology, and names the changelog topic. */
export type StoreSpec<K = unknown, V = unknown> =
  | KeyValueSpec<K, V>
  | WindowSpec<K, V>
  | SessionSpec<K, V>
  | VersionedSpec<K, V>

interface Formats<K, V> {
  readonly name: string
  readonly key: Format<K>
  readonly value: Format<V>
}

export interface KeyValueSpec<K = unknown, V = unknown> extends Formats<K, V> {
  readonly kind: 'key-value'
  /** Whether a timestamp is kept beside each value: tables do, stores of `process` don't. */
  readonly timestamped: boolean
}

export interface WindowSpec<K = unknown, V = unknown> extends Formats<K, V> {
  readonly kind: 'window'
  readonly timestamped: boolean
  /** Windows that begin this long behind the newest are forgotten. Milliseconds. */
  readonly retention: number
  /** What lies between start and end; `end` is not stored. Milliseconds. */
  readonly size: number
  /** Keep every value put for one key and time, as the stores of stream-stream joins do. */
  readonly duplicates?: boolean
}

export interface SessionSpec<K = unknown, V = unknown> extends Formats<K, V> {
  readonly kind: 'session'
  /** Sessions that end this long behind the newest are forgotten. Milliseconds. */
  readonly retention: number
}

export interface VersionedSpec<K = unknown, V = unknown> extends Formats<K, V> {
  readonly kind: 'versioned'
  /** How far back rows can be asked for. Milliseconds. */
  readonly history: number
}

/** Formats of a store: text keys and any structured value, unless stated. */
export interface StoreOptions<K, V> {
  readonly key?: Format<K>
  readonly value?: Format<V>
}

/** A store for `process`: the latest value of each key. (Stores#keyValueStoreBuilder) */
export function keyValueStore<V, K = string>(
  name: string,
  options: StoreOptions<K, V> = {},
): KeyValueSpec<K, V> {
  return Object.freeze({ kind: 'key-value', name, timestamped: false, ...formats(options) })
}

/** A store for `process`: values by key and time. (Stores#windowStoreBuilder) */
export function windowStore<V, K = string>(
  name: string,
  options: StoreOptions<K, V> & { readonly retention: Duration; readonly size?: Duration },
): WindowSpec<K, V> {
  const { retention, size = 0 } = options
  return Object.freeze({
    kind: 'window',
    name,
    timestamped: false,
    retention: duration(retention),
    size: duration(size),
    ...formats(options),
  })
}

/** A store for `process`: values by key and session. (Stores#sessionStoreBuilder) */
export function sessionStore<V, K = string>(
  name: string,
  options: StoreOptions<K, V> & { readonly retention: Duration },
): SessionSpec<K, V> {
  return Object.freeze({ kind: 'session', name, retention: duration(options.retention), ...formats(options) })
}

/** A store for `process`: values by key, as they were at any time within `history`. (Stores#versionedKeyValueStoreBuilder) */
export function versionedStore<V, K = string>(
  name: string,
  options: StoreOptions<K, V> & { readonly history: Duration },
): VersionedSpec<K, V> {
  return Object.freeze({ kind: 'versioned', name, history: duration(options.history), ...formats(options) })
}

function formats<K, V>({ key, value }: StoreOptions<K, V>): { key: Format<K>; value: Format<V> } {
  return { key: key ?? (stringKey as unknown as Format<K>), value: value ?? structured<V>() }
}
