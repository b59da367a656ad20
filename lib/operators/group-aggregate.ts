import { structured } from '../contract/structured.ts'
import { rekeyed } from '../record.ts'
import { keyFormatOf } from '../topology/repartition-nodes.ts'
import { type GroupedTable, type StepOptions, Table } from '../topology/stream.ts'
import type { Change, GroupAggregateNode } from '../topology/table-nodes.ts'
import type { Format } from '../topology/topic.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

export interface GroupAggregateOptions<A> extends StepOptions {
  /** How aggregates are kept. Default: any structured value. */
  readonly value?: Format<A>
}

/**
 * One value per group from what its rows are now: what a row was is subtracted, what it becomes is added. Begins with
 * `init()`; a null result deletes it, and from a group that has none nothing is subtracted. `add` and `subtract` give a
 * new aggregate, and leave the one they get as it is. The name is also the store's. A result's timestamp is the largest
 * one that went into it. (KGroupedTable#aggregate, KTableAggregate)
 */
export function groupAggregate<K, V, A>(
  name: string,
  init: () => A,
  add: (aggregate: A, value: V, key: NoInfer<K>) => NoInfer<A> | null,
  subtract: (aggregate: A, value: V, key: NoInfer<K>) => NoInfer<A> | null,
  options: GroupAggregateOptions<NoInfer<A>> = {},
): (grouped: GroupedTable<K, V>) => Table<K, A> {
  return groupAggregation({ verb: 'groupAggregate', name, init, add, subtract }, options)
}

type Said = Pick<GroupAggregateNode, 'verb' | 'name' | 'init'> & {
  readonly add: unknown
  readonly subtract: unknown
}

/** Says the node of any of the three. */
export function groupAggregation<K, V, A>(
  { add, subtract, ...said }: Said,
  { value = structured(), ...options }: GroupAggregateOptions<A>,
): (grouped: GroupedTable<K, V>) => Table<K, A> {
  return (grouped) => {
    const node = grouped.add(
      {
        kind: 'groupAggregate',
        ...said,
        add: add as GroupAggregateNode['add'],
        subtract: subtract as GroupAggregateNode['subtract'],
        store: Object.freeze({
          kind: 'key-value',
          name: said.name,
          timestamped: true,
          key: keyFormatOf(grouped.node),
          value: value as Format<unknown>,
        }),
      },
      options,
    )
    return new Table<K, A>(node, grouped.graph)
  }
}

interface Update {
  readonly aggregate: unknown
  readonly change: Change
}

export function groupAggregateStep(node: GroupAggregateNode, next: Push, runtime: StepRuntime): Push {
  const store = runtime.state.store(node.store)
  const update = guarded(
    node,
    ({ aggregate, change }: Update, { key }) => {
      const without =
        aggregate !== null && change.old !== null
          ? (node.subtract(aggregate as never, change.old as never, key) ?? null)
          : aggregate
      if (change.new === null) return without
      return node.add((without ?? node.init()) as never, change.new as never, key) ?? null
    },
    runtime,
  )
  const put = guarded(node, (aggregate, { key, timestamp }) => store.put(key, aggregate, timestamp), runtime)
  return (value, context) => {
    const row = store.get(context.key)
    const old = row?.value ?? null
    const aggregate = update({ aggregate: old, change: value as Change }, context)
    if (aggregate === REFUSED) return
    const time = row === undefined ? context.timestamp : Math.max(context.timestamp, row.timestamp)
    const result = rekeyed(context, context.key, time)
    if (put(aggregate, result) !== REFUSED) next({ old, new: aggregate, latest: true }, result)
  }
}
