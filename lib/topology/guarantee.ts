import { holdsBack } from './error-policy.ts'
import type { RepartitionNode } from './keyed-nodes.ts'
import { type Guarantee, isTopic, type Node, parentsOf, type SinkNode, type Topology } from './nodes.ts'
import { keyFormatOf, repartitionNode } from './repartition-nodes.ts'
import { storesOf } from './stores-of.ts'
import { type SubTopology, subTopologiesOf } from './sub-topologies.ts'

/**
 * The topology as it runs under a guarantee. Exactly once, a table is written from committed records only: what a crash
 * has computed and not committed may come out otherwise the second time. So a sink behind steps with state, several
 * inputs, asynchronous calls or retries is fed from a topic of its own, `<application>-<sink>-repartition`, by tasks that only write.
 */
export function withGuarantee(topology: Topology, guarantee: Guarantee): Topology {
  if (topology.guarantee === guarantee) return topology
  const plain = { ...topology, nodes: withoutFeeds(topology.nodes) }
  const nodes = guarantee === 'exactly-once' ? withFeeds(plain) : plain.nodes
  return Object.freeze({ ...topology, guarantee, nodes: Object.freeze(nodes) })
}

function withFeeds(topology: Topology): readonly Node[] {
  const subs = subTopologiesOf(topology)
  return topology.nodes.flatMap((node): Node[] => {
    if (!isTable(node) || !mayComeOutOtherwise(node, subs)) return [node]
    const parent = node.parents[0]!
    const feed = repartitionNode(parent, node.name, { key: keyFormatOf(parent), carries: 'rows' })
    return [feed, { ...node, parents: Object.freeze([feed]) }]
  })
}

function withoutFeeds(nodes: readonly Node[]): readonly Node[] {
  return nodes
    .filter((node) => !isFeed(node))
    .map((node) => {
      const [parent] = parentsOf(node)
      if (node.kind !== 'sink' || parent === undefined || !isFeed(parent)) return node
      return { ...node, parents: parent.parents }
    })
}

/** Whether a second run over the same records may hand on others. */
function mayComeOutOtherwise(sink: SinkNode, subs: readonly SubTopology[]): boolean {
  const { inputs, steps } = subs.find((sub) => sub.steps.includes(sink))!
  if (inputs.length > 1 || [...inputs, ...steps].some((node) => storesOf(node).length > 0)) return true
  const waits = (node: Node): boolean => {
    if (node.kind === 'repartition') return false
    return node.kind === 'enrich' || node.kind === 'rx' || holdsBack(node) || parentsOf(node).some(waits)
  }
  return waits(sink)
}

function isTable(node: Node): node is SinkNode {
  return node.kind === 'sink' && !isTopic(node.target)
}

function isFeed(node: Node): node is RepartitionNode {
  return node.kind === 'repartition' && node.carries === 'rows'
}
