import type { Node } from './nodes.ts'
import type { StoreSpec } from './store.ts'

/** The stores that a step keeps, and nobody else writes to. */
export function storesOf(node: Node): readonly StoreSpec[] {
  switch (node.kind) {
    case 'streamJoin':
      // A self join may have one for both sides.
      return [...new Set([node.left, node.right]), ...(node.unmatched === undefined ? [] : [node.unmatched])]
    case 'streamTableJoin':
      return node.buffer === undefined ? [] : [node.buffer]
    case 'foreignKeyRespond':
      return [node.subscriptions]
    case 'foreignKeyResolve':
      return [node.store, node.matched].filter((store) => store !== undefined)
    case 'aggregate':
      return [node.store, node.early].filter((store) => store !== undefined)
    case 'process':
      return Object.values(node.stores)
    default:
      return 'store' in node && node.store !== undefined ? [node.store] : []
  }
}
