import type { Entered, Table } from '../topology/stream.ts'
import type { MaterializeOptions } from './materialize.ts'
import { joinedTables } from './table-join-node.ts'

/**
 * Joins the rows of two tables by key: a row where both have one. An update of either side updates the result. Its
 * timestamp is the larger one of the two rows', its headers are those of the update. A deletion is handed on whenever
 * the other side has a row, also a repeated one. (KTable#join, KTableKTableInnerJoin)
 *
 * ```text
 * left    a: l1@1            a: l2@3              a: null@5
 * right             a: r1@2            a: r2@9              a: r3@6
 * result            l1+r1@2  l2+r1@3   l2+r2@9    null@9
 * ```
 *
 * Rows of versioned tables that are older than the newest are left out, and counted as `out-of-order`. A row on which
 * `join` throws is a dead letter, and not in the result.
 *
 * @throws MillraceError `CONFIG` for a table whose rows are not kept.
 */
export function tableJoin<K, V, VO, R>(
  name: string,
  other: Table<K, VO>,
  join: (left: V, right: VO, key: NoInfer<K>) => R | null,
  options: MaterializeOptions<NoInfer<R>> = {},
): (table: Table<K, V>) => Table<K, R, Entered<K, V | VO>> {
  return joinedTables('inner', name, other, join, options)
}
