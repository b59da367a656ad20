import { double } from '../contract/structured.ts'
import { type Entered, type Grouped, Table } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'
import { aggregateNode } from './aggregate-node.ts'

/** How many records each key (and window) has had. (KGroupedStream#count, TimeWindowedKStream#count) */
export function count<K, V, KOut>(
  name: string,
): (grouped: Grouped<K, V, KOut>) => Table<KOut, number, Entered<K, V>> {
  const said = {
    verb: 'count',
    name,
    init: () => 0,
    adders: [(counted: number) => counted + 1],
    merge: (earlier: number, later: number) => earlier + later,
  } as const
  return (grouped) => new Table(aggregateNode(grouped, said, double as Format<unknown>), grouped.graph)
}
