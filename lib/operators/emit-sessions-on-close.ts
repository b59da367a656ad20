import { type Context, rekeyed } from '../record.ts'
import type { AggregateNode } from '../topology/keyed-nodes.ts'
import type { SessionSpec } from '../topology/store.ts'
import type { Push, StepRuntime } from './step.ts'

/**
 * Hands on each session once, when no record can extend it any more, with the headers of the record that closed it, by
 * end, then key. How far is saved with the state, so that none is handed on again after a crash. (KIP-825)
 *
 * Where a retention was said, sessions that the store has removed by then are lost, as in Kafka Streams; else none is.
 */
export function emitSessionsOnClose(
  node: AggregateNode,
  next: Push,
  runtime: StepRuntime,
): (closed: number, context: Context) => void {
  if (node.window?.emit !== 'close') return () => {}
  const store = runtime.state.store(node.store as SessionSpec)
  const emitted = runtime.state.time(`${node.name}/emitted`)
  return (closed, context) => {
    const before = emitted.seen
    if (closed <= before || closed < 1) return
    emitted.observe(closed)
    for (const { key, value } of store.findAll(Math.max(0, before), closed - 1)) {
      next({ old: null, new: value, latest: true }, rekeyed(context, key, key.end))
    }
  }
}
