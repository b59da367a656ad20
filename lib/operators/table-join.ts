import type { TableJoinNode } from '../topology/join-nodes.ts'
import { requireRows } from '../topology/old-rows.ts'
import { type Entered, Table } from '../topology/stream.ts'
import { type MaterializeOptions, resultStore } from './materialize.ts'

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
  return joining('inner', name, other, join, options)
}

/**
 * Joins as `tableJoin` does, and a left row that has no right one with null. (KTable#leftJoin, KTableKTableLeftJoin)
 *
 * ```text
 * left    a: l1@1                       a: null@5
 * right             a: r1@2   a: null@4             a: r2@6
 * result  l1+null   l1+r1@2   l1+null@4 null@5
 * ```
 */
export function tableLeftJoin<K, V, VO, R>(
  name: string,
  other: Table<K, VO>,
  join: (left: V, right: VO | null, key: NoInfer<K>) => R | null,
  options: MaterializeOptions<NoInfer<R>> = {},
): (table: Table<K, V>) => Table<K, R, Entered<K, V | VO>> {
  return joining('left', name, other, join, options)
}

/**
 * Joins as `tableJoin` does, and a row of either side that has no other with null: at least one is there.
 * (KTable#outerJoin, KTableKTableOuterJoin)
 *
 * ```text
 * left              a: l1@2             a: null@5
 * right   a: r1@1             a: null@4             a: r2@6
 * result  null+r1   l1+r1@2   l1+null@4 null@5      null+r2
 * ```
 */
export function tableOuterJoin<K, V, VO, R>(
  name: string,
  other: Table<K, VO>,
  join: (left: V | null, right: VO | null, key: NoInfer<K>) => R | null,
  options: MaterializeOptions<NoInfer<R>> = {},
): (table: Table<K, V>) => Table<K, R, Entered<K, V | VO>> {
  return joining('outer', name, other, join, options)
}

function joining<K, V, VO, R>(
  type: TableJoinNode['type'],
  name: string,
  right: Table<K, VO>,
  join: unknown,
  options: MaterializeOptions<R>,
): (table: Table<K, V>) => Table<K, R, Entered<K, V | VO>> {
  return (left) => {
    for (const side of [left, right]) requireRows(name, side)
    const store = resultStore(name, left, options)
    const said = { kind: 'tableJoin', name, type, join: join as TableJoinNode['join'], store } as const
    return new Table(left.add(said, options, [right.node]), left.graph)
  }
}
