import type { Context } from '../record.ts'
import type { Entered, Stream, Table } from '../topology/stream.ts'
import { type JoinTableOptions, joinedWithTable } from './stream-table-join-node.ts'

/**
 * Joins as `joinTable` does, and where there is no row, with null; so are records without a key, at once. Those without
 * a value are left out. (KStream#leftJoin, KStreamKTableJoin)
 *
 * ```text
 * table               a: t1@10            a: null@30
 * stream  a: s@5              a: s@20                a: s@40
 * result  s+null              s+t1                   s+null
 * ```
 *
 * @throws MillraceError `CONFIG` for a table whose rows are not kept, and for a grace period and one without history.
 */
export function leftJoinTable<K, V, Row, R>(
  name: string,
  table: Table<K, Row>,
  join: (value: Exclude<V, null>, row: Row | null, context: Context<NoInfer<K>>) => R,
  options: JoinTableOptions<NoInfer<V>> = {},
): (stream: Stream<K, V>) => Stream<K, R, Entered<K, V>> {
  return joinedWithTable('left', name, table, join, options)
}
