import { type Context, NO_HEADERS } from '../record.ts'
import type { AggregateNode } from '../topology/keyed-nodes.ts'
import { closesAfter } from '../topology/window-close.ts'
import type { StepRuntime } from './step.ts'

/** Behind any window. Milliseconds. */
export const LAST_TIME = Number.MAX_SAFE_INTEGER - 1

/**
 * Where the window says so: once the input has been idle for long enough, what time has closed meanwhile is closed
 * (behind a repartition topic no upstream task holds it back any more), and then the rest is shown early.
 */
export function whenIdle(
  node: AggregateNode,
  { state, timers }: StepRuntime,
  close: (closed: number, context: Context) => void,
  showRest: (context: Context) => void,
): void {
  const idleness = node.window?.idleness
  if (idleness === undefined) return
  const time = state.time(`${node.name}/0`)
  const grace = closesAfter(node)!
  timers.idle(idleness, () => {
    const context = { ...timers.current, headers: NO_HEADERS }
    close(time.now - grace, context)
    showRest(context)
  })
}
