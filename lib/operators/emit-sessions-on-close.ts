import type { AggregateNode } from '../topology/keyed-nodes.ts'
import type { SessionSpec } from '../topology/store.ts'
import { type EmitOnClose, NEVER_CLOSES } from './emit-on-close.ts'
import { LAST_TIME, whenIdle } from './emit-when-idle.ts'
import { type Range, showWindows } from './show-windows.ts'
import type { Push, StepRuntime } from './step.ts'

/**
 * Hands on each session once, when no record can extend it any more, with the headers of the record that closed it, by
 * end, then key. How far is saved with the state, so that none is handed on again after a crash. (KIP-825)
 *
 * Where a retention was said, sessions that the store has removed by then are lost, as in Kafka Streams; else none is.
 */
export function emitSessionsOnClose(node: AggregateNode, next: Push, runtime: StepRuntime): EmitOnClose {
  if (node.window?.emit !== 'close') return NEVER_CLOSES
  const store = runtime.state.store(node.store as SessionSpec)
  const emitted = runtime.state.time(`${node.name}/emitted`)
  const { show, changed } = showWindows(node, next, runtime)
  /** Those that end in the range; a session's result is of its end. */
  function* read({ first, last }: Range) {
    for (const { key, value } of store.findAll(first, last)) yield { key, value, timestamp: key.end }
  }
  const close: EmitOnClose['close'] = (closed, context) => {
    const before = emitted.seen
    if (closed <= before || closed < 1) return
    emitted.observe(closed)
    const ends = { first: Math.max(0, before), last: closed - 1 }
    show('time', ends, read(ends), context)
  }
  whenIdle(node, runtime, close, (context) => {
    const ends = { first: Math.max(0, emitted.seen), last: LAST_TIME }
    show('idle', ends, read(ends), context)
  })
  return { close, changed }
}
