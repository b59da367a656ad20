import { double } from '../contract/structured.ts'
import type { GroupedTable, StepOptions, Table } from '../topology/stream.ts'
import { groupAggregation } from './group-aggregate.ts'

/**
 * How many rows each group has. A group that has lost its last row has 0. The name is also the store's.
 * (KGroupedTable#count)
 */
export function groupCount<K, V>(
  name: string,
  options: StepOptions = {},
): (grouped: GroupedTable<K, V>) => Table<K, number> {
  const said = {
    verb: 'groupCount',
    name,
    init: () => 0,
    add: (count: number) => count + 1,
    subtract: (count: number) => count - 1,
  } as const
  return groupAggregation<K, V, number>(said, { ...options, value: double })
}
