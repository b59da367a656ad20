import { MillraceError } from '../errors.ts'
import { earlyResults } from '../state/early-result.ts'
import type { AggregateNode, WindowNode } from '../topology/keyed-nodes.ts'
import type { Node } from '../topology/nodes.ts'
import { keyed, keyFormatOf } from '../topology/repartition-nodes.ts'
import type { Place } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'
import type { Windows } from '../windows/windows.ts'

type Said = Pick<AggregateNode, 'verb' | 'name' | 'init' | 'adders'> & { readonly merge?: unknown }

/** Adds the node of an aggregation, behind repartition topics where they are needed, and says its store. */
export function aggregateNode(
  grouped: Place,
  said: Said,
  value: Format<unknown>,
  others: readonly Place[] = [],
): AggregateNode {
  const { name } = said
  const first = grouped.node
  const window = first.kind === 'window' ? first : undefined
  const several = others.length > 0
  const parents: Node[] = [grouped, ...others].map((place, index) => {
    return keyed(place, several ? `${name}-${index + 1}` : name)
  })
  const merge = said.merge as AggregateNode['merge']
  if (window?.windows.kind === 'session' && merge === undefined) {
    throw new MillraceError(
      'CONFIG',
      `step "${name}" aggregates sessions: say how two become one, with { merge }`,
      {
        step: name,
      },
    )
  }
  if (several && window?.emit === 'close') {
    const message = `step "${name}" aggregates several streams, each with a time of its own, so that no window closes once and for all: emit 'updates', with a suppress behind it`
    throw new MillraceError('CONFIG', message, { step: name })
  }
  const key = keyFormatOf(parents[0]!)
  const store = Object.freeze({ name, key, value, ...extent(name, window) })
  const node: AggregateNode = {
    kind: 'aggregate',
    onError: 'dead-letter',
    ...said,
    merge,
    window,
    store,
    early: earlyOf(store, window),
    parents: Object.freeze(parents),
  }
  return grouped.graph.add(Object.freeze(node))
}

/** What kind of store the windows need, and how long it keeps them. */
function extent(name: string, window: WindowNode | undefined) {
  if (window === undefined) return { kind: 'key-value', timestamped: true } as const
  const { windows } = window
  const retention = retentionOf(name, window)
  if (windows.kind === 'session') return { kind: 'session', retention } as const
  const size = windows.kind === 'time' ? windows.size : windows.difference
  // Where windows are shown when they close, one as old as the retention is still there. (RocksDBTimeOrderedWindowStore)
  const kept = window.emit === 'close' ? retention + 1 : retention
  return { kind: 'window', timestamped: true, size, retention: kept } as const
}

/** Kept a little longer than the windows, which are forgotten there by themselves: here it is when they close. */
function earlyOf(store: AggregateNode['store'], window: WindowNode | undefined): AggregateNode['early'] {
  if (window?.idleness === undefined || store.kind === 'key-value') return undefined
  const value = earlyResults(store.value) as Format<unknown>
  const early = { ...store, name: `${store.name}-early`, value, retention: store.retention + 1 }
  return Object.freeze(early.kind === 'window' ? { ...early, timestamped: false } : early)
}

/** A store that forgets what still takes records would give wrong results. (TimeWindowedKStreamImpl and its like) */
function retentionOf(name: string, { windows, retention }: WindowNode): number {
  const needed = lengthOf(windows) + windows.grace
  if (retention === undefined || retention >= needed) return retention ?? needed
  const message = `the windows of step "${name}" take records for ${needed}ms (length and grace): their retention must be at least that, not ${retention}ms`
  throw new MillraceError('CONFIG', message, { step: name })
}

function lengthOf(windows: Windows): number {
  if (windows.kind === 'session') return windows.gap
  // Sliding windows of late records reach back by a second length. (SlidingWindowedKStreamImpl)
  return windows.kind === 'time' ? windows.size : 2 * windows.difference
}
