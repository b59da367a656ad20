import { MillraceError } from '../errors.ts'
import type { Row, StoredRow } from '../state/row.ts'
import type { TaskState } from '../state/task-state.ts'
import type { Node } from '../topology/nodes.ts'
import type { KeyValueSpec, VersionedSpec } from '../topology/store.ts'
import type { Table } from '../topology/stream.ts'
import { viewOf } from './view.ts'

/** A table as a processor reads it, with the timestamps of its rows. (ReadOnlyKeyValueStore) */
export type TableView<T> = T extends Table<infer K, infer V> ? Rows<K, V> : never

/** The rows whose keys are in the task's partition. */
export interface Rows<K, V> {
  get(key: K): Row<V> | undefined
  /** The row as it was then. Tables with a `history` only. (VersionedKeyValueStore) */
  asOf(key: K, timestamp: number): Row<V> | undefined
  /** Ascending by key bytes, both ends included; null is open. Tables without a `history` only. */
  range(from: K | null, to: K | null): Iterable<StoredRow<K, V>>
  /** The newest row of each key, ascending by key bytes. */
  all(): Iterable<StoredRow<K, V>>
}

/** @throws MillraceError `CONFIG` for a table whose rows are not kept. */
export function tableView(table: Node, state: TaskState): Rows<unknown, unknown> {
  const view = viewOf(table, state)
  // What a suppress keeps are no rows.
  const store = 'store' in table && table.kind !== 'suppress' ? table.store : undefined
  return {
    get: (key) => view.get(key),
    asOf: (key, timestamp) => {
      if (view.asOf !== undefined) return view.asOf(key, timestamp)
      throw wrong(table, 'are known as they are now only: give it a { history }')
    },
    range: (from, to) => {
      if (store?.kind === 'key-value') return state.store(store as KeyValueSpec).range(from, to)
      throw wrong(table, 'have no ranges: it keeps none of its own, or those of many times')
    },
    all: () => {
      if (store?.kind === 'key-value') return state.store(store as KeyValueSpec).all()
      if (store?.kind === 'versioned') return state.store(store as VersionedSpec).all()
      throw wrong(table, 'can be asked for one by one only: it keeps none of its own')
    },
  }
}

function wrong({ name }: Node, what: string): MillraceError {
  return new MillraceError('CONFIG', `the rows of table "${name}" ${what}`, { step: name })
}
