import { structured } from '../contract/structured.ts'
import type { Context } from '../record.ts'
import { rekeyed } from '../record.ts'
import type { Adder, AggregateNode } from '../topology/keyed-nodes.ts'
import type { KeyValueSpec } from '../topology/store.ts'
import { type Entered, type Grouped, Table } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'
import { adding } from './adding.ts'
import { aggregateNode } from './aggregate-node.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

export interface AggregateOptions<K, A> {
  /** How aggregates are kept. Default: any structured value. */
  readonly value?: Format<A>
  /**
   * Session windows only, where it is required: what two sessions become that a record joins; the earlier first, and
   * before all of them the initial value.
   */
  readonly merge?: (earlier: A, later: A, key: K) => A
}

/**
 * One value per key (and window) from all its records, beginning with `init()`; a null result deletes it. `add` gives
 * a new aggregate, and leaves the one it gets as it is. Records without a key are ignored, and without windows, or in
 * sliding ones, those without a value. (KGroupedStream#aggregate, TimeWindowedKStream#aggregate)
 */
export function aggregate<K, V, KOut, A>(
  name: string,
  init: () => A,
  add: (aggregate: A, value: V, context: Context<NoInfer<K>>) => A | null,
  options: AggregateOptions<NoInfer<K>, A> = {},
): (grouped: Grouped<K, V, KOut>) => Table<KOut, A, Entered<K, V>> {
  return (grouped) => {
    const said = { verb: 'aggregate', name, init, adders: [add as Adder], merge: options.merge } as const
    const node = aggregateNode(grouped, said, (options.value ?? structured()) as Format<unknown>)
    return new Table(node, grouped.graph)
  }
}

/** One entrance per stream, all adding to one store. (KStreamAggregate, KStreamReduce) */
export function aggregateStep(node: AggregateNode, next: Push, runtime: StepRuntime): Push[] {
  const store = runtime.state.store(node.store as KeyValueSpec)
  const put = guarded(node, (aggregate, { key, timestamp }) => store.put(key, aggregate, timestamp), runtime)
  return node.adders.map((adder) => {
    const add = adding(node, adder, runtime)
    return (value, context) => {
      const { key, timestamp } = context
      if (key === null) return runtime.drop(node, 'null-key', value, context)
      if (value === null) return runtime.drop(node, 'null-value', value, context)
      const row = store.get(key)
      const change = add({ aggregate: row?.value, value }, context)
      if (change === REFUSED) return
      // After a null the time begins again with the next record.
      const time = row === undefined ? timestamp : Math.max(timestamp, row.timestamp)
      const result = rekeyed(context, key, time)
      if (put(change.new, result) !== REFUSED) next(change, result)
    }
  })
}
