import { type Context, rekeyed } from '../record.ts'
import type { AggregateNode } from '../topology/keyed-nodes.ts'
import type { WindowSpec } from '../topology/store.ts'
import type { Change } from '../topology/table-nodes.ts'
import type { Push, StepRuntime } from './step.ts'

/** What one record makes of one window. */
export interface WindowUpdate {
  readonly start: number
  readonly change: Change
  readonly timestamp: number
}

/**
 * Stores what a record makes of its windows and, unless they are shown only when they close, hands it on. All is
 * computed before anything is stored: a record that is refused in one window has changed none.
 */
export function windowUpdates(
  node: AggregateNode,
  next: Push,
  runtime: StepRuntime,
): (updates: readonly WindowUpdate[], context: Context) => void {
  const spec = node.store as WindowSpec
  const store = runtime.state.store(spec)
  const shown = node.window?.emit === 'updates'
  return (updates, context) => {
    const { key } = context
    for (const { start, change, timestamp } of updates) {
      store.put(key, change.new, start, timestamp)
      if (shown) next(change, rekeyed(context, { key, start, end: start + spec.size }, timestamp))
    }
  }
}
