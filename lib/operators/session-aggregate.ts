import { type Context, NO_HEADERS, rekeyed } from '../record.ts'
import type { StoredRow } from '../state/row.ts'
import type { Adder, AggregateNode } from '../topology/keyed-nodes.ts'
import type { SessionSpec } from '../topology/store.ts'
import { type SessionWindows, spanning } from '../windows/session.ts'
import type { Windowed } from '../windows/windowed.ts'
import { closesFirst } from './emit-on-close.ts'
import { emitSessionsOnClose } from './emit-sessions-on-close.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

type Session = StoredRow<Windowed<unknown>, unknown>

interface Addition {
  readonly touched: readonly Session[]
  readonly value: unknown
}

/** What a session becomes, and how that is kept. */
interface Aggregated {
  readonly value: unknown
  readonly row: Buffer | null
}

/**
 * Sessions: a record extends, or joins, those it touches. They are taken back, each with a tombstone, before the new
 * one is shown; a session's updates are of its end and have no headers. (KStreamSessionWindowAggregate)
 */
export function sessionAggregateStep(
  node: AggregateNode,
  { gap, grace }: SessionWindows,
  next: Push,
  runtime: StepRuntime,
): Push[] {
  const store = runtime.state.store(node.store as SessionSpec)
  const { close, changed } = emitSessionsOnClose(node, next, runtime)
  const shown = node.window?.emit === 'updates'
  const show = (session: Windowed<unknown>, old: unknown, value: unknown, context: Context) => {
    if (!shown) return
    const update = { ...rekeyed(context, session, session.end), headers: NO_HEADERS }
    next({ old, new: value, latest: true }, update)
  }
  /** What the record makes of the sessions it touches. */
  const replace = (
    touched: readonly Session[],
    grown: Windowed<unknown>,
    { value, row }: Aggregated,
    context: Context,
  ) => {
    const alone = grown.start === context.timestamp && grown.end === context.timestamp
    // Another record at the very time of a session that has no other is no new session, and takes nothing back.
    for (const session of alone ? [] : touched) {
      store.remove(session.key)
      changed(session.key)
      show(session.key, session.value, null, context)
    }
    store.putRow(grown, row)
    changed(grown)
    show(grown, null, value, context)
  }
  // What a record closes it does not touch, but it may move the store's time, so that sessions are forgotten.
  const before = closesFirst(node)
  return node.adders.map((adder, entrance) => {
    // In a cogroup each stream has a time of its own.
    const time = runtime.state.time(`${node.name}/${entrance}`)
    const aggregate = adding(node, adder)
    const add = guarded(
      node,
      (addition: Addition, context): Aggregated => {
        const value = aggregate(addition, context)
        return { value, row: store.row(value) }
      },
      runtime,
    )
    return (value, context) => {
      const { key, timestamp } = context
      if (key === null) return runtime.drop(node, 'null-key', value, context)
      const now = time.observe(timestamp)
      const closed = now - gap - grace
      const touched = [...store.find(key, timestamp - gap, timestamp + gap)]
      const grown = spanning(key, timestamp, touched)
      if (before) close(closed, context)
      if (grown.end < closed) {
        const window = { start: grown.start, end: grown.end }
        runtime.drop(node, 'late', value, context, { time: now, window })
      } else {
        const result = add({ touched, value }, context)
        if (result !== REFUSED) replace(touched, grown, result, context)
      }
      if (!before) close(closed, context)
    }
  })
}

/** Sessions become one from the earliest on, beginning with the initial value; the record is added at last. */
function adding(node: AggregateNode, adder: Adder) {
  const merge = node.merge!
  return ({ touched, value }: Addition, context: Context): unknown => {
    const aggregate = touched.reduce<unknown>(
      (earlier, later) => merge(earlier as never, later.value as never, context.key),
      node.init(),
    )
    return adder(aggregate as never, value as never, context) ?? null
  }
}
