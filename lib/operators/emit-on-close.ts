import { type Context, rekeyed } from '../record.ts'
import type { AggregateNode } from '../topology/keyed-nodes.ts'
import type { WindowSpec } from '../topology/store.ts'
import type { Starts } from '../windows/starts.ts'
import type { Push, StepRuntime } from './step.ts'

/**
 * Hands on each window once, when it has closed: as the store has it after the record that closed it, with that
 * record's headers, by start, then key. How far windows have been handed on is saved with the state, so that none is
 * handed on again after a crash. (AbstractKStreamTimeWindowAggregateProcessor, KIP-825)
 */
export function emitOnClose(
  node: AggregateNode,
  closing: (before: number, closed: number) => Starts | undefined,
  next: Push,
  runtime: StepRuntime,
): (closed: number, context: Context) => void {
  if (node.window?.emit !== 'close') return () => {}
  const store = runtime.state.store(node.store as WindowSpec)
  const emitted = runtime.state.time(`${node.name}/emitted`)
  return (closed, context) => {
    if (closed <= emitted.seen) return
    const starts = closing(emitted.seen, closed)
    if (starts === undefined) return
    emitted.observe(closed)
    for (const { key, value, timestamp } of store.fetchAll(starts.first, starts.last)) {
      next({ old: null, new: value, latest: true }, rekeyed(context, key, timestamp))
    }
  }
}
