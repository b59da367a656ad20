import type { Windows } from '../windows/windows.ts'
import { holdsBack } from './error-policy.ts'
import { type Node, parentsOf } from './nodes.ts'
import { windowsOf } from './window-close.ts'

/**
 * How far behind what its task has read the records may lie that are still to come out of a node, since steps hold them
 * back: windows until they close, joins until nothing can match. Infinity where that can't be told: a step sets
 * timestamps, or waits by the wall clock. Milliseconds.
 */
export function lagOf(node: Node): number {
  if (node.kind === 'repartition') return 0
  return heldBy(node) + Math.max(0, ...parentsOf(node).map(lagOf))
}

function heldBy(node: Node): number {
  switch (node.kind) {
    case 'process':
    case 'rx':
    case 'batch':
      return Number.POSITIVE_INFINITY
    case 'aggregate':
      return node.window?.emit === 'close' ? spanOf(node.window.windows) : 0
    case 'suppress': {
      const windows = node.until.kind === 'close' ? windowsOf(node) : undefined
      return Math.max(node.wait, windows === undefined ? 0 : spanOf(windows))
    }
    case 'streamJoin': {
      const { before, after, grace } = node.windows
      return node.unmatched === undefined ? 0 : Math.max(before, after, 0) + grace
    }
    case 'streamTableJoin':
      return node.grace ?? 0
    default:
      return 0
  }
}

/** From the oldest record of a window until that is shown: a session's result is of its newest. */
function spanOf(windows: Windows): number {
  const length =
    windows.kind === 'time' ? windows.size : windows.kind === 'sliding' ? windows.difference : windows.gap
  return length + windows.grace
}

/** Whether a step before a node collects what is read, and hands it on at the end of a micro-batch. */
export function awaits(node: Node): boolean {
  return parentsOf(node).some(
    (parent) =>
      parent.kind === 'enrich' ||
      (parent.kind === 'toStream' && parent.updates === 'last') ||
      holdsBack(parent) ||
      (parent.kind !== 'repartition' && awaits(parent)),
  )
}
