import { type Context, rekeyed } from '../record.ts'
import type { AggregateNode } from '../topology/keyed-nodes.ts'
import type { WindowSpec } from '../topology/store.ts'
import { startsFor, type TimeWindows } from '../windows/time-windows.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

/** Tumbling and hopping windows. A record may be late for some of its windows only. (KStreamWindowAggregate) */
export function timeWindowAggregateStep(
  node: AggregateNode,
  windows: TimeWindows,
  next: Push,
  runtime: StepRuntime,
): Push[] {
  const store = runtime.state.store(node.store as WindowSpec)
  return node.adders.map((adder, entrance) => {
    // In a cogroup each stream has a time of its own.
    const time = runtime.state.time(`${node.name}/${entrance}`)
    const add = guarded(
      node,
      (run: Run, context) => adder(run.aggregate as never, run.value as never, context),
      runtime,
    )
    const addTo = (start: number, value: unknown, context: Context) => {
      const { key, timestamp } = context
      const row = store.get(key, start)
      const result = add({ aggregate: row === undefined ? node.init() : row.value, value }, context)
      if (result === REFUSED) return
      const updated = row === undefined ? timestamp : Math.max(timestamp, row.timestamp)
      store.put(key, result ?? null, start, updated)
      const windowed = { key, start, end: start + windows.size }
      next(
        { old: row === undefined ? null : row.value, new: result ?? null, latest: true },
        rekeyed(context, windowed, updated),
      )
    }
    return (value, context) => {
      if (context.key === null) return runtime.drop(node, 'null-key', value, context)
      const closed = time.observe(context.timestamp) - windows.grace
      for (const start of startsFor(windows, context.timestamp)) {
        if (start + windows.size > closed) addTo(start, value, context)
        else runtime.drop(node, 'late', value, context)
      }
    }
  })
}

interface Run {
  readonly aggregate: unknown
  readonly value: unknown
}
