import type { Entered, Table } from '../topology/stream.ts'
import type { MaterializeOptions } from './materialize.ts'
import { joinedTables } from './table-join-node.ts'

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
  return joinedTables('left', name, other, join, options)
}
