import type { Context } from '../record.ts'
import type { Entered, GlobalTable, StepOptions, Stream } from '../topology/stream.ts'
import { joinedWithGlobal } from './stream-global-join-node.ts'

/**
 * Joins as `joinGlobal` does, and with null where there is no row, or `keyOf` gives null. Records without a value are
 * left out. (KStream#leftJoin with a GlobalKTable)
 *
 * ```text
 * global  de: g1@100             de: null@0
 * stream             s@5, of de               s@7, of de   s@9, of null
 * result             s+g1                     s+null       s+null
 * ```
 */
export function leftJoinGlobal<K, V, KG, Row, R>(
  name: string,
  global: GlobalTable<KG, Row>,
  keyOf: (value: Exclude<V, null>, context: Context<NoInfer<K>>) => NoInfer<KG> | null,
  join: (value: Exclude<V, null>, row: Row | null, context: Context<NoInfer<K>>) => R,
  options?: StepOptions,
): (stream: Stream<K, V>) => Stream<K, R, Entered<K, V>> {
  return joinedWithGlobal('left', name, global, keyOf, join, options)
}
