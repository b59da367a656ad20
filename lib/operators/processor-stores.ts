import type { KeyValueStore as KeyValueRows } from '../state/key-value-store.ts'
import type { Row, StoredRow } from '../state/row.ts'
import type { SessionStore as SessionRows } from '../state/session-store.ts'
import type { TaskState } from '../state/task-state.ts'
import type { VersionedStore as VersionedRows } from '../state/versioned-store.ts'
import type { WindowStore as WindowRows } from '../state/window-store.ts'
import type { KeyValueSpec, SessionSpec, StoreSpec, VersionedSpec, WindowSpec } from '../topology/store.ts'
import type { Windowed } from '../windows/windowed.ts'

/** An open store of a processor, by what was said. */
export type ProcessorStore<S> =
  S extends KeyValueSpec<infer K, infer V>
    ? KeyValueStore<K, V>
    : S extends WindowSpec<infer K, infer V>
      ? WindowStore<K, V>
      : S extends SessionSpec<infer K, infer V>
        ? SessionStore<K, V>
        : S extends VersionedSpec<infer K, infer V>
          ? VersionedStore<K, V>
          : never

/** A key and its value. */
export interface Entry<K, V> {
  readonly key: K
  readonly value: V
}

/** The latest value of each key. Loops may put and delete: they show the keys of the moment they began. (KeyValueStore) */
export interface KeyValueStore<K, V> {
  get(key: K): V | undefined
  /** A null deletes. */
  put(key: K, value: V | null): void
  delete(key: K): void
  /** Ascending by key bytes, both ends included; null is open. */
  range(from: K | null, to: K | null): Iterable<Entry<K, V>>
  /** Ascending by key bytes. */
  all(): Iterable<Entry<K, V>>
}

/** A value and the time it was put at: of windows, their start. Milliseconds. */
export interface TimedValue<V> {
  readonly time: number
  readonly value: V
}

/** Values by key and time, forgotten when they are `retention` behind the newest time put. (WindowStore) */
export interface WindowStore<K, V> {
  get(key: K, time: number): V | undefined
  /** A null deletes. */
  put(key: K, value: V | null, time: number): void
  /** What the key has at times in [from, to], ascending. */
  fetch(key: K, from: number, to: number): Iterable<TimedValue<V>>
  /** The same, descending. */
  fetchBackward(key: K, from: number, to: number): Iterable<TimedValue<V>>
  /** What all keys have at times in [from, to], ascending by time, then key. */
  fetchAll(from: number, to: number): Iterable<Entry<Windowed<K>, V>>
  /** Ascending by key, then time. */
  all(): Iterable<Entry<Windowed<K>, V>>
}

/** Values by key and session, both ends included, forgotten when they end `retention` behind the newest end. (SessionStore) */
export interface SessionStore<K, V> {
  get(session: Windowed<K>): V | undefined
  /** A null removes. */
  put(session: Windowed<K>, value: V | null): void
  remove(session: Windowed<K>): void
  /** The key's sessions that end at `earliestEnd` or later and start at `latestStart` or earlier, ascending by end. */
  find(key: K, earliestEnd: number, latestStart: number): Iterable<Entry<Windowed<K>, V>>
  /** All sessions of the key, ascending by end. */
  fetch(key: K): Iterable<Entry<Windowed<K>, V>>
  /** Ascending by key, then end, then start. */
  all(): Iterable<Entry<Windowed<K>, V>>
}

/** Values by key as they were at any time within `history` behind the newest time put. (VersionedKeyValueStore) */
export interface VersionedStore<K, V> {
  /** The newest value, and the time from which on it holds. */
  get(key: K): Row<V> | undefined
  /** The value as it was then. Further back than `history` only the newest is known. */
  asOf(key: K, timestamp: number): Row<V> | undefined
  /** From `timestamp` on, until the next one of its key; null deletes. What is `expired`, older than `history`, is not put. */
  put(key: K, value: V | null, timestamp: number): 'latest' | 'out-of-order' | 'expired'
  /** The newest rows, ascending by key bytes. */
  all(): Iterable<StoredRow<K, V>>
}

/** Stores of processors keep no timestamps beside their values, and need not show that. */
export function processorStore(spec: StoreSpec, state: TaskState): ProcessorStore<StoreSpec> {
  const rows = state.store(spec)
  if (spec.kind === 'key-value') return keyValues(rows as KeyValueRows<unknown, unknown>)
  if (spec.kind === 'window') return timedValues(rows as WindowRows<unknown, unknown>)
  if (spec.kind === 'session') return sessions(rows as SessionRows<unknown, unknown>)
  return rows as VersionedRows<unknown, unknown>
}

function keyValues<K, V>(rows: KeyValueRows<K, V>): KeyValueStore<K, V> {
  return {
    get: (key) => rows.get(key)?.value,
    put: (key, value) => rows.put(key, value),
    delete: (key) => rows.delete(key),
    range: (from, to) => entries(rows.range(from, to)),
    all: () => entries(rows.all()),
  }
}

function timedValues<K, V>(rows: WindowRows<K, V>): WindowStore<K, V> {
  return {
    get: (key, time) => rows.get(key, time)?.value,
    put: (key, value, time) => rows.put(key, value, time),
    fetch: (key, from, to) => times(rows.fetch(key, from, to)),
    fetchBackward: (key, from, to) => times(rows.fetchBackward(key, from, to)),
    fetchAll: (from, to) => entries(rows.fetchAll(from, to)),
    all: () => entries(rows.all()),
  }
}

function sessions<K, V>(rows: SessionRows<K, V>): SessionStore<K, V> {
  return {
    get: (session) => rows.get(session),
    put: (session, value) => rows.put(session, value),
    remove: (session) => rows.remove(session),
    find: (key, earliestEnd, latestStart) => entries(rows.find(key, earliestEnd, latestStart)),
    fetch: (key) => entries(rows.fetch(key)),
    all: () => entries(rows.all()),
  }
}

function* entries<K, V>(rows: Iterable<Entry<K, V>>): Iterable<Entry<K, V>> {
  for (const { key, value } of rows) yield { key, value }
}

function* times<V>(rows: Iterable<{ start: number; value: V }>): Iterable<TimedValue<V>> {
  for (const { start, value } of rows) yield { time: start, value }
}
