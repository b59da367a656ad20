import { structured } from '../contract/structured.ts'
import { MillraceError } from '../errors.ts'
import type { Node, Topology } from './nodes.ts'
import { storesOf } from './stores-of.ts'
import type { Format } from './topic.ts'

/**
 * Keys are compared, and partitioned, by their bytes. V8 may write equal values in several ways (1 as an integer or as a
 * double, by how it was computed), so that its format is for values only.
 *
 * @throws MillraceError `CONFIG`, naming step and cure.
 */
export function checkKeys({ name: topology, nodes }: Topology): void {
  for (const node of nodes) {
    if (!keyFormatsOf(node).includes(structured())) continue
    const message = `step "${node.name}" of topology "${topology}" would have structured values as keys, of which equal ones may have other bytes, and would not meet: give it another { key }, such as stringKey, json() or a contract`
    throw new MillraceError('CONFIG', message, { step: node.name })
  }
}

/** How a step writes keys, on repartition topics and in its stores. */
function keyFormatsOf(node: Node): readonly Format<unknown>[] {
  const stores = storesOf(node).map(({ key }) => key)
  switch (node.kind) {
    case 'keyBy':
    case 'groupBy':
    case 'repartition':
      return [node.key, ...stores]
    case 'process':
      return node.key === undefined ? stores : [node.key, ...stores]
    default:
      return stores
  }
}
