import { type Context, rekeyed } from '../record.ts'
import type { AggregateNode } from '../topology/keyed-nodes.ts'
import type { WindowSpec } from '../topology/store.ts'
import type { Starts } from '../windows/starts.ts'
import type { Push, StepRuntime } from './step.ts'

/** Which windows close when time, less the grace, goes on from `before` to `closed`. */
export type Closing = (before: number, closed: number) => Starts | undefined

/**
 * Hands on each window once, when it has closed, with the headers of the record that closed it, by start, then key.
 * How far windows have been handed on is saved with the state, so that none is handed on again after a crash.
 * (AbstractKStreamTimeWindowAggregateProcessor, KIP-825)
 *
 * Where a retention was said, windows that the store has forgotten by then are lost, as in Kafka Streams; else none is.
 */
export function emitOnClose(
  node: AggregateNode,
  closing: Closing,
  next: Push,
  runtime: StepRuntime,
): (closed: number, context: Context) => void {
  if (node.window?.emit !== 'close') return () => {}
  const store = runtime.state.store(node.store as WindowSpec)
  const emitted = runtime.state.time(`${node.name}/emitted`)
  const read = (starts: Starts) =>
    node.window?.retention === undefined
      ? store.held(starts.first, starts.last)
      : store.fetchAll(starts.first, starts.last)
  return (closed, context) => {
    const starts = closing(emitted.seen, closed)
    if (starts === undefined) return
    emitted.observe(closed)
    for (const { key, value, timestamp } of read(starts)) {
      next({ old: null, new: value, latest: true }, rekeyed(context, key, timestamp))
    }
  }
}
