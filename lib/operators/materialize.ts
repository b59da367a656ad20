import { structured } from '../contract/structured.ts'
import { keyFormatOf } from '../topology/repartition-nodes.ts'
import type { KeyValueSpec } from '../topology/store.ts'
import type { Place, StepOptions } from '../topology/stream.ts'
import type { Change } from '../topology/table-nodes.ts'
import type { Format } from '../topology/topic.ts'
import type { Push, StepRuntime } from './step.ts'

export interface MaterializeOptions<R> extends StepOptions {
  /**
   * Whether the result is kept in a store with the step's name. Default false: rows that are asked for are computed
   * from those of the tables before. (Materialized#as)
   */
  readonly materialize?: boolean
  /** How its rows are kept. Default: any structured value. */
  readonly value?: Format<R>
}

/** The store of a step's result, if it is to have one. */
export function resultStore<R>(
  name: string,
  { node }: Place,
  { materialize = false, value }: MaterializeOptions<R>,
): KeyValueSpec | undefined {
  if (!materialize) return undefined
  const rows = (value ?? structured()) as Format<unknown>
  return Object.freeze({ kind: 'key-value', name, timestamped: true, key: keyFormatOf(node), value: rows })
}

/** Changes on their way out of a step, through its store if it has one: that shows the row that arrived last. */
export function keeping(store: KeyValueSpec | undefined, next: Push, runtime: StepRuntime): Push {
  if (store === undefined) return next
  const rows = runtime.state.store(store)
  return (value, context) => {
    const change = value as Change
    rows.put(context.key, change.new, context.timestamp)
    next(change.latest ? change : { ...change, latest: true }, context)
  }
}
