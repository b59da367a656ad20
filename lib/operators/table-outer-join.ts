import type { Entered, Table } from '../topology/stream.ts'
import type { MaterializeOptions } from './materialize.ts'
import { joinedTables } from './table-join-node.ts'

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
  return joinedTables('outer', name, other, join, options)
}
