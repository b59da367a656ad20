import type { Table } from '../topology/stream.ts'
import { type ForeignKeyJoinOptions, joinedByForeignKey } from './foreign-key-join-node.ts'

/**
 * Joins as `foreignKeyJoin` does, and rows that refer to nothing, or to a row that is not there, with null.
 * (KTable#leftJoin with a foreign key, KIP-213)
 *
 * ```text
 * left    a: p,l1@1            b: null,l2@5             a: null@9
 * right              p: r1@2                p: null@6
 * result  a: l1+null a: l1+r1  b: l2+null   a: l1+null  a: null
 * ```
 */
export function foreignKeyLeftJoin<K, V, KO, VO, R>(
  name: string,
  other: Table<KO, VO>,
  foreignKeyOf: (row: V, key: NoInfer<K>) => NoInfer<KO> | null,
  join: (row: V, other: VO | null, key: NoInfer<K>) => R | null,
  options: ForeignKeyJoinOptions<NoInfer<R>> = {},
): (table: Table<K, V>) => Table<K, R> {
  return joinedByForeignKey({ type: 'left', name }, other, foreignKeyOf, join, options)
}
