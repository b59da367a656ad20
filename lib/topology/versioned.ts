import type { Node } from './nodes.ts'

/**
 * Whether a table's rows can be asked for as of a time: it keeps their versions, or is computed row by row from one
 * that does. (GraphNode#isOutputVersioned)
 */
export function isVersioned(node: Node): boolean {
  switch (node.kind) {
    case 'table':
    case 'toTable':
      return node.store?.kind === 'versioned'
    case 'tableFilter':
    case 'tableMap':
      return node.store === undefined && node.parents.some(isVersioned)
    default:
      return false
  }
}
