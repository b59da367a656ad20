import { structured } from '../contract/structured.ts'
import type { Node } from '../topology/nodes.ts'
import { keyFormatOf } from '../topology/repartition-nodes.ts'
import type { KeyValueSpec } from '../topology/store.ts'
import type { Place, StepOptions } from '../topology/stream.ts'
import type { Change } from '../topology/table-nodes.ts'
import type { Format } from '../topology/topic.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

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

/**
 * Changes on their way out of a step, through its store if it has one: that shows the row that arrived last. A row that
 * can't be kept is a dead letter, and as if it had been deleted.
 */
export function keeping(
  node: Node & { readonly store: KeyValueSpec | undefined },
  next: Push,
  runtime: StepRuntime,
): Push {
  if (node.store === undefined) return next
  const rows = runtime.state.store(node.store)
  const put = guarded(node, (row, { key, timestamp }) => rows.put(key, row, timestamp), runtime)
  return (value, context) => {
    const change = value as Change
    if (put(change.new, context) === REFUSED) {
      rows.delete(context.key)
      next({ ...change, new: null, latest: true }, context)
    } else next(change.latest ? change : { ...change, latest: true }, context)
  }
}
