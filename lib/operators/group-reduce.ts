import type { GroupedTable, Table } from '../topology/stream.ts'
import { type GroupAggregateOptions, groupAggregation } from './group-aggregate.ts'

/**
 * One value per group of the type of its rows' values: the first as it is, then what `add` makes of the result so far
 * and the next, and `subtract` of the result and one that is gone; null deletes it. The name is also the store's.
 * (KGroupedTable#reduce, KTableReduce)
 */
export function groupReduce<K, V>(
  name: string,
  add: (reduced: V, value: V, key: NoInfer<K>) => NoInfer<V> | null,
  subtract: (reduced: V, value: V, key: NoInfer<K>) => NoInfer<V> | null,
  options: GroupAggregateOptions<NoInfer<V>> = {},
): (grouped: GroupedTable<K, V>) => Table<K, V> {
  const addTo = (reduced: V | null, value: V, key: K) => (reduced === null ? value : add(reduced, value, key))
  const said = { verb: 'groupReduce', name, init: () => null, add: addTo, subtract } as const
  return groupAggregation<K, V, V>(said, options)
}
