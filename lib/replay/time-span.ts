import { MillraceError } from '../errors.ts'
import type { StreamJoinNode } from '../topology/join-nodes.ts'
import type { AggregateNode, TimeRange } from '../topology/keyed-nodes.ts'
import { childrenOf, type Node, parentsOf, type StepNode, type Topology } from '../topology/nodes.ts'
import { rebuilt } from '../topology/rebuilt.ts'
import { storesOf } from '../topology/stores-of.ts'
import { windowsOf } from '../topology/window-close.ts'
import type { Windows } from '../windows/windows.ts'

/** How much more than a range of time is to be read, so that its results are whole. Milliseconds. */
export interface Span {
  readonly before: number
  readonly after: number
}

/**
 * What windows and joins by time need on both sides of a range.
 *
 * @throws MillraceError `DATA_LOSS` for state that has no end in time: a part of its input gives other results.
 */
export function spanOf(topology: Topology): Span {
  let [before, after] = [0, 0]
  for (const node of topology.nodes) {
    const span = spanOfNode(topology, node)
    before += span.before
    after += span.after
  }
  return { before, after }
}

/** The same topology, of whose windows and joins only what is of these times is handed on. */
export function shownWithin(topology: Topology, shown: TimeRange): Topology {
  const nodes = rebuilt(topology.nodes, (node) => (isTimed(node) ? { ...node, shown } : node))
  return Object.freeze({ ...topology, nodes })
}

/** Its results are of a time, and come out only once all records of that time are there. */
function isTimed(node: Node): node is AggregateNode | StreamJoinNode {
  return (node.kind === 'aggregate' && node.window !== undefined) || node.kind === 'streamJoin'
}

const NOTHING: Span = { before: 0, after: 0 }

function spanOfNode(topology: Topology, node: Node): Span {
  if (node.kind === 'streamJoin') {
    const { before, after, grace } = node.windows
    const reach = Math.max(before, after, 0)
    return { before: reach, after: reach + grace }
  }
  if (node.kind === 'aggregate' && node.window !== undefined) return spanOfWindows(node, node.window.windows)
  if (node.kind === 'dedupe') return { before: node.within, after: 0 }
  if (node.kind === 'table') return spanOfTable(topology, node)
  if (node.kind === 'streamTableJoin') return { before: node.grace ?? 0, after: node.grace ?? 0 }
  if (storesOf(node).length === 0 || windowsOf(node) !== undefined) return NOTHING
  throw endless(node, 'keeps state that has no end in time')
}

function spanOfWindows(node: AggregateNode, windows: Windows): Span {
  if (windows.kind === 'session') throw endless(node, 'aggregates sessions, which may be of any length')
  const length = windows.kind === 'time' ? windows.size : 2 * windows.difference
  return { before: length, after: length + windows.grace }
}

/** A table is read from its beginning: who joins it sees what the live application saw. */
function spanOfTable(topology: Topology, node: Node): Span {
  const reads = (child: StepNode) => child.kind === 'streamTableJoin' && parentsOf(child)[1] === node
  if (childrenOf(topology, node).every(reads)) return NOTHING
  throw endless(node, 'is a table whose rows go on')
}

function endless({ name }: Node, why: string): MillraceError {
  return new MillraceError(
    'DATA_LOSS',
    `step "${name}" ${why}: a part of the input would give other results than the whole. Replay from earliest, or --into a shadow of its own`,
    { step: name },
  )
}
