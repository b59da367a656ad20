import type { Context } from '../record.ts'
import type { Entered, Stream, Table } from '../topology/stream.ts'
import { type JoinTableOptions, joinedWithTable } from './stream-table-join-node.ts'

/**
 * Joins each record with its key's row in the table, if there is one. Only records cause results; updates of the table
 * do not. Records without key or value are left out. Timestamp and headers are the record's.
 *
 * A table gives the row that arrived last, whatever its timestamp; one with `history` the row of the record's time:
 *
 * ```text
 * table   a: t1@10        t2@30                  t0@15, late
 * stream          a: s@20        s@20     s@35          s@20
 * result          s+t1           s+t2     s+t2          s+t0
 * with history    s+t1           s+t1     s+t2          s+t0
 * ```
 *
 * With `grace` a record is joined once the stream's time is `grace` past it; one that comes later than that, at once:
 *
 * ```text
 * grace: 10
 * table   a: t1@10              t2@18
 * stream          a: s@20              b: x@30            a: late@19
 * result                               s+t2, of time 20   late+t2, of time 19
 * ```
 *
 * Records that come with changed keys go through a repartition topic first. (KStream#join, KStreamKTableJoin)
 *
 * @throws MillraceError `CONFIG` for a table whose rows are not kept, and for a grace period and one without history.
 */
export function joinTable<K, V, Row, R>(
  name: string,
  table: Table<K, Row>,
  join: (value: Exclude<V, null>, row: Row, context: Context<NoInfer<K>>) => R,
  options: JoinTableOptions<NoInfer<V>> = {},
): (stream: Stream<K, V>) => Stream<K, R, Entered<K, V>> {
  return joinedWithTable('inner', name, table, join, options)
}
