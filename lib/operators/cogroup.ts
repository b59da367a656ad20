import { structured } from '../contract/structured.ts'
import type { Context } from '../record.ts'
import type { Adder } from '../topology/keyed-nodes.ts'
import { type Entered, type Grouped, type Stream, Table } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'
import type { AggregateOptions } from './aggregate.ts'
import { aggregateNode } from './aggregate-node.ts'

export interface CogroupOptions<K, A> extends AggregateOptions<K, A> {
  readonly init: () => A
}

/** Returns the new aggregate, and leaves the one it gets as it is; null deletes it. */
export type AddTo<K, V, A> = (aggregate: A, value: V, context: Context<NoInfer<K>>) => NoInfer<A> | null

/** A further stream of a cogroup, and how its records are added. Made by `and`. */
export interface Cogrouped<K, A> {
  readonly stream: Stream<K, never>
  readonly add: AddTo<K, never, A>
}

/**
 * One value per key (and window) from the records of several streams, each added in its own way. Every stream has a
 * time of its own, so that a record may be late in one and not in another. (KGroupedStream#cogroup, KIP-150)
 *
 * ```ts
 * orders.pipe(
 *   cogroup(
 *     'customer',
 *     () => ({ orders: 0, returns: 0 }),
 *     (all) => ({ ...all, orders: all.orders + 1 }),
 *     and(returns, (all) => ({ ...all, returns: all.returns + 1 })),
 *   ),
 * )
 * ```
 */
export function cogroup<K, V, KOut, A>(
  name: string,
  said: (() => A) | CogroupOptions<NoInfer<K>, A>,
  add: AddTo<K, V, NoInfer<A>>,
  ...others: readonly Cogrouped<NoInfer<K>, NoInfer<A>>[]
): (grouped: Grouped<K, V, KOut>) => Table<KOut, A, Entered<K, unknown>> {
  const {
    init,
    merge,
    value = structured(),
  } = typeof said === 'function' ? ({ init: said } as CogroupOptions<K, A>) : said
  const adders = [add, ...others.map((other) => other.add)] as readonly Adder[]
  const streams = others.map(({ stream }) => stream)
  return (grouped) => {
    const node = aggregateNode(
      grouped,
      { verb: 'cogroup', name, init, adders, merge },
      value as Format<unknown>,
      streams,
    )
    return new Table(node, grouped.graph)
  }
}

/** A further stream of `cogroup`. */
export function and<K, V, A>(stream: Stream<K, V>, add: AddTo<K, V, A>): Cogrouped<K, A> {
  return { stream, add } as unknown as Cogrouped<K, A>
}
