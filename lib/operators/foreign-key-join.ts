import type { Table } from '../topology/stream.ts'
import { type ForeignKeyJoinOptions, joinedByForeignKey } from './foreign-key-join-node.ts'

/**
 * Joins each row with that row of another table to which it refers: many to one. An update of either side updates the
 * result, whose keys are this table's. Null is no reference, and joins nothing. (KTable#join with a foreign key, KIP-213)
 *
 * ```text
 * left    a: p,l1@1             b: p,l2@5                     a: q,l3@7             a: null@9
 * right              p: r1@2               p: r2@6                       q: r3@8
 * result             a: l1+r1   b: l2+r1   a: l1+r2, b: l2+r2  a: null   a: l3+r3   a: null
 * of time            2          5          6         6         7         8          9
 * ```
 *
 * A result's timestamp is the larger one of the two rows after a change of the left one, and that of the right one after
 * a change of the right. Through two topics, `<application>-<name>-subscription-registration-topic` and
 * `…-subscription-response-topic`, the left side tells the right one which rows it wants, and is told them; between
 * several partitions an answer that comes when its left row has changed again is left out, and counted as `stale`.
 *
 * A row whose foreign key can't be told is a dead letter, and refers to nothing from then on.
 *
 * @throws MillraceError `CONFIG` for a table whose rows are not kept.
 */
export function foreignKeyJoin<K, V, KO, VO, R>(
  name: string,
  other: Table<KO, VO>,
  foreignKeyOf: (row: V, key: NoInfer<K>) => NoInfer<KO> | null,
  join: (row: V, other: VO, key: NoInfer<K>) => R | null,
  options: ForeignKeyJoinOptions<NoInfer<R>> = {},
): (table: Table<K, V>) => Table<K, R> {
  return joinedByForeignKey({ type: 'inner', name }, other, foreignKeyOf, join, options)
}
