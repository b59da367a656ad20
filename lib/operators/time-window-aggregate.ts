import type { AggregateNode } from '../topology/keyed-nodes.ts'
import type { WindowSpec } from '../topology/store.ts'
import { closingTimeWindows, startsFor, type TimeWindows } from '../windows/time-windows.ts'
import { adding } from './adding.ts'
import type { Closing } from './emit-on-close.ts'
import { type Push, REFUSED, type StepRuntime } from './step.ts'
import { type WindowUpdate, windowUpdates } from './window-updates.ts'

/** Tumbling and hopping windows. A record may be late for some of its windows only. (KStreamWindowAggregate) */
export function timeWindowAggregateStep(
  node: AggregateNode,
  windows: TimeWindows,
  next: Push,
  runtime: StepRuntime,
): Push[] {
  const store = runtime.state.store(node.store as WindowSpec)
  const closing: Closing = (before, closed) => closingTimeWindows(windows, before, closed)
  const update = windowUpdates(node, closing, next, runtime)
  return node.adders.map((adder, entrance) => {
    // In a cogroup each stream has a time of its own.
    const time = runtime.state.time(`${node.name}/${entrance}`)
    const add = adding(node, adder, runtime)
    return (value, context) => {
      const { key, timestamp } = context
      if (key === null) return runtime.drop(node, 'null-key', value, context)
      const now = time.observe(timestamp)
      const closed = now - windows.grace
      const updates: WindowUpdate[] = []
      for (const start of startsFor(windows, timestamp)) {
        if (start + windows.size <= closed) {
          const window = { start, end: start + windows.size }
          runtime.drop(node, 'late', value, context, { time: now, window })
          continue
        }
        const row = store.get(key, start)
        const change = add({ aggregate: row?.value, value }, context)
        if (change === REFUSED) return
        const updated = row === undefined ? timestamp : Math.max(timestamp, row.timestamp)
        updates.push({ start, change, timestamp: updated })
      }
      update(updates, closed, context)
    }
  })
}
