import type { Context } from '../record.ts'
import type { AggregateNode } from '../topology/keyed-nodes.ts'
import type { WindowSpec } from '../topology/store.ts'
import type { Starts } from '../windows/starts.ts'
import type { Windowed } from '../windows/windowed.ts'
import { LAST_TIME, whenIdle } from './emit-when-idle.ts'
import { showWindows } from './show-windows.ts'
import type { Push, StepRuntime } from './step.ts'

/** Which windows close when time, less the grace, goes on from `before` to `closed`. */
export type Closing = (before: number, closed: number) => Starts | undefined

export interface EmitOnClose {
  /** Time, less the grace, has come to `closed`. */
  close(closed: number, context: Context): void
  /** A record has changed this window. */
  changed(window: Windowed<unknown>): void
}

export const NEVER_CLOSES: EmitOnClose = { close() {}, changed() {} }

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
): EmitOnClose {
  if (node.window?.emit !== 'close') return NEVER_CLOSES
  const store = runtime.state.store(node.store as WindowSpec)
  const emitted = runtime.state.time(`${node.name}/emitted`)
  const { show, changed } = showWindows(node, next, runtime)
  const read = (starts: Starts) =>
    closesFirst(node) ? store.held(starts.first, starts.last) : store.fetchAll(starts.first, starts.last)
  const close = (closed: number, context: Context) => {
    const starts = closing(emitted.seen, closed)
    if (starts === undefined) return
    emitted.observe(closed)
    show('time', starts, read(starts), context)
  }
  whenIdle(node, runtime, close, (context) => {
    const starts = closing(emitted.seen, LAST_TIME)!
    show('idle', starts, read(starts), context)
  })
  return { close, changed }
}

/** Whether windows are emitted before the record that closes them is stored: its time makes the store forget them. */
export function closesFirst({ window }: AggregateNode): boolean {
  return window?.retention === undefined || window.idleness !== undefined
}
