import { structured } from '../contract/structured.ts'
import type { Adder } from '../topology/keyed-nodes.ts'
import { type Entered, type Grouped, Table } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'
import { aggregateNode } from './aggregate-node.ts'

export interface ReduceOptions<V> {
  /** How results are kept. Default: any structured value. */
  readonly value?: Format<V>
}

/**
 * One value per key (and window) from all its records, of their own type: the first as it is, then what `combine`
 * makes of the result so far and the next; null deletes it, and the next record is a first one. Sessions that become
 * one are combined too, the earlier first. Records without a key are ignored, and without windows, or in sliding ones,
 * those without a value. (KGroupedStream#reduce, KStreamReduce, TimeWindowedKStream#reduce)
 */
export function reduce<K, V, KOut>(
  name: string,
  combine: (reduced: NonNullable<V>, value: V) => NoInfer<V> | null,
  { value = structured() }: ReduceOptions<NonNullable<NoInfer<V>>> = {},
): (grouped: Grouped<K, V, KOut>) => Table<KOut, NonNullable<V>, Entered<K, V>> {
  const add = (reduced: NonNullable<V> | null, next: V) => (reduced === null ? next : combine(reduced, next))
  const said = { verb: 'reduce', name, init: () => null, adders: [add as Adder], merge: add } as const
  return (grouped) => new Table(aggregateNode(grouped, said, value as Format<unknown>), grouped.graph)
}
