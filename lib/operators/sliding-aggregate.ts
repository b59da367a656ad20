import type { AggregateNode } from '../topology/keyed-nodes.ts'
import type { WindowSpec } from '../topology/store.ts'
import { closingSlidingWindows, type SlidingWindows } from '../windows/sliding.ts'
import { earlyWindows, slidingWindowsOf } from '../windows/sliding-windows-of.ts'
import { adding } from './adding.ts'
import type { Closing } from './emit-on-close.ts'
import { type Push, REFUSED, type StepRuntime } from './step.ts'
import { type WindowUpdate, windowUpdates } from './window-updates.ts'

/** Sliding windows: those that hold a record, and the up to three that it opens. (KStreamSlidingWindowAggregate) */
export function slidingAggregateStep(
  node: AggregateNode,
  windows: SlidingWindows,
  next: Push,
  runtime: StepRuntime,
): Push[] {
  const { difference, grace } = windows
  const store = runtime.state.store(node.store as WindowSpec)
  const closing: Closing = (before, closed) => closingSlidingWindows(windows, before, closed)
  const update = windowUpdates(node, closing, next, runtime)
  const touchedBy = (key: unknown, time: number) =>
    time < difference
      ? earlyWindows(store.fetch(key, 0, time + 1), time)
      : slidingWindowsOf(store.fetchBackward(key, time - 2 * difference, time + 1), difference, time)
  return node.adders.map((adder, entrance) => {
    // In a cogroup each stream has a time of its own.
    const time = runtime.state.time(`${node.name}/${entrance}`)
    const add = adding(node, adder, runtime)
    return (value, context) => {
      const { key, timestamp } = context
      if (key === null) return runtime.drop(node, 'null-key', value, context)
      if (value === null) return runtime.drop(node, 'null-value', value, context)
      const now = time.observe(timestamp)
      const closed = now - grace
      if (timestamp + difference < closed) return runtime.drop(node, 'late', value, context, { time: now })
      const updates: WindowUpdate[] = []
      for (const { start, from, adds } of touchedBy(key, timestamp)) {
        if (!adds) {
          const change = { old: null, new: from!.value, latest: true }
          updates.push({ start, change, timestamp: from!.timestamp })
        } else if (start + difference < closed) {
          const window = { start, end: start + difference }
          runtime.drop(node, 'late', value, context, { time: now, window })
        } else {
          const change = add({ aggregate: from?.value, value }, context)
          if (change === REFUSED) return
          updates.push({ start, change, timestamp: Math.max(timestamp, from?.timestamp ?? timestamp) })
        }
      }
      update(updates, closed, context)
    }
  })
}
