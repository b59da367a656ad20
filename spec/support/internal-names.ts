import type { Topology } from '../../lib/index.ts'
import { repartitionTopic } from '../../lib/topology/repartition-nodes.ts'
import { storesOf } from '../../lib/topology/stores-of.ts'

/** What a topology keeps on the broker and on disk, by name: to rename any of it is to lose it. */
export function internalNames({ name, nodes }: Topology) {
  const topics = nodes.flatMap((node) => (node.kind === 'repartition' ? [repartitionTopic(name, node)] : []))
  const stores = nodes.flatMap((node) => storesOf(node).map((store) => store.name))
  return { topics: topics.sort(), stores: [...new Set(stores)].sort() }
}
