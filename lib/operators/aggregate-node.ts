import { MillraceError } from '../errors.ts'
import type { AggregateNode, WindowNode } from '../topology/keyed-nodes.ts'
import type { Node } from '../topology/nodes.ts'
import { keyed, keyFormatOf } from '../topology/repartition-nodes.ts'
import type { Place } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'

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
  const key = keyFormatOf(parents[0]!)
  const node: AggregateNode = {
    kind: 'aggregate',
    onError: 'dead-letter',
    ...said,
    merge,
    window,
    store: Object.freeze({ name, key, value, ...extent(window) }),
    parents: Object.freeze(parents),
  }
  return grouped.graph.add(Object.freeze(node))
}

/** What kind of store the windows need, and how long it keeps them. */
function extent(window: WindowNode | undefined) {
  if (window === undefined) return { kind: 'key-value', timestamped: true } as const
  const { windows } = window
  if (windows.kind === 'session') {
    return { kind: 'session', retention: window.retention ?? windows.gap + windows.grace } as const
  }
  const size = windows.kind === 'time' ? windows.size : windows.difference
  // Sliding windows of late records reach back by a second size. (SlidingWindowedKStreamImpl)
  const needed = (windows.kind === 'time' ? size : 2 * size) + windows.grace
  return { kind: 'window', timestamped: true, size, retention: window.retention ?? needed } as const
}
