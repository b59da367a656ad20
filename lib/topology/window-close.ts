import type { Windows } from '../windows/windows.ts'
import { type Node, parentsOf } from './nodes.ts'

/** The windows that the keys at this place are of; undefined where they are of none. */
export function windowsOf(node: Node): Windows | undefined {
  if (node.kind === 'aggregate') return node.window?.windows
  const [parent] = parentsOf(node)
  return parent === undefined ? undefined : windowsOf(parent)
}

/**
 * How long after a window's end, by stream time, it may still change at this place: the longest of all windows
 * upstream. Undefined where an input has no windows at all. Milliseconds. (GraphGraceSearchUtil)
 */
export function closesAfter(node: Node): number | undefined {
  if (node.kind === 'aggregate' && node.window !== undefined) {
    const { windows } = node.window
    return windows.kind === 'session' ? windows.gap + windows.grace : windows.grace
  }
  const parents = parentsOf(node).map(closesAfter)
  if (parents.length === 0 || parents.includes(undefined)) return undefined
  return Math.max(...(parents as number[]))
}
