import type { Context } from '../record.ts'
import type { Adder, AggregateNode } from '../topology/keyed-nodes.ts'
import type { Change } from '../topology/table-nodes.ts'
import { guarded, type REFUSED, type StepRuntime } from './step.ts'

/** What is given to an adder; `aggregate` undefined: there is none yet. */
export interface Addition {
  readonly aggregate: unknown
  readonly value: unknown
}

/**
 * An adder as a step runs it. Where there is no aggregate yet the change's old one is the initial value, as Kafka
 * Streams' aggregations hand it on without a cache. (KStreamAggregate)
 */
export function adding(
  node: AggregateNode,
  adder: Adder,
  runtime: StepRuntime,
): (addition: Addition, context: Context) => Change | typeof REFUSED {
  return guarded(
    node,
    ({ aggregate, value }: Addition, context) => {
      const old = aggregate === undefined ? node.init() : aggregate
      return { old, new: adder(old as never, value as never, context) ?? null, latest: true }
    },
    runtime,
  )
}
