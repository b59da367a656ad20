import type { Context } from '../record.ts'
import type { Entered, GlobalTable, StepOptions, Stream } from '../topology/stream.ts'
import { joinedWithGlobal } from './stream-global-join-node.ts'

/**
 * Joins each record with a row of the global table, found by a key of the record's choosing, if there is one. No time
 * is compared: the row is the one that arrived last. Records without a value, or for which `keyOf` gives null, are left
 * out; their own key may be null, and need not be where the row's is. (KStream#join with a GlobalKTable)
 *
 * ```text
 * global  de: g1@100             de: g2@0
 * stream             s@5, of de            s@7, of de   s@9, of fr
 * result             s+g1                  s+g2
 * ```
 */
export function joinGlobal<K, V, KG, Row, R>(
  name: string,
  global: GlobalTable<KG, Row>,
  keyOf: (value: Exclude<V, null>, context: Context<NoInfer<K>>) => NoInfer<KG> | null,
  join: (value: Exclude<V, null>, row: Row, context: Context<NoInfer<K>>) => R,
  options?: StepOptions,
): (stream: Stream<K, V>) => Stream<K, R, Entered<K, V>> {
  return joinedWithGlobal('inner', name, global, keyOf, join, options)
}
