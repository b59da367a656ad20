import { type Context, rekeyed } from '../record.ts'
import type { AggregateNode } from '../topology/keyed-nodes.ts'
import type { WindowSpec } from '../topology/store.ts'
import type { Change } from '../topology/table-nodes.ts'
import type { Windowed } from '../windows/windowed.ts'
import { type Closing, closesFirst, emitOnClose } from './emit-on-close.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

/** What one record makes of one window. */
export interface WindowUpdate {
  readonly start: number
  readonly change: Change
  readonly timestamp: number
}

/**
 * Stores what a record makes of its windows and hands it on or, as the node says, the windows that have closed. All
 * is computed before anything is stored: a record that is refused in one window has changed none.
 */
export function windowUpdates(
  node: AggregateNode,
  closing: Closing,
  next: Push,
  runtime: StepRuntime,
): (updates: readonly WindowUpdate[], closed: number, context: Context) => void {
  const spec = node.store as WindowSpec
  const store = runtime.state.store(spec)
  const { close, changed } = emitOnClose(node, closing, next, runtime)
  const put = guarded(
    node,
    (aggregate, { key: window, timestamp }) => {
      const { key, start } = window as Windowed<unknown>
      store.put(key, aggregate, start, timestamp)
    },
    runtime,
  )
  const shown = node.window?.emit === 'updates'
  // A record is in no window that it closes, but it may move the store's time, so that windows are forgotten.
  const before = closesFirst(node)
  return (updates, closed, context) => {
    const { key } = context
    if (before) close(closed, context)
    for (const { start, change, timestamp } of updates) {
      const window = { key, start, end: start + spec.size }
      const result = rekeyed(context, window, timestamp)
      if (put(change.new, result) === REFUSED) break
      changed(window)
      if (shown) next(change, result)
    }
    if (!before) close(closed, context)
  }
}
