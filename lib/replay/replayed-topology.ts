import { MillraceError } from '../errors.ts'
import { isTopic, type Node, parentsOf, type Topology } from '../topology/nodes.ts'
import { rebuilt } from '../topology/rebuilt.ts'

/**
 * The topology without what follows from topics that it writes itself: what a replay writes there is read by the live
 * application, like all else that comes in.
 *
 * @throws MillraceError `CONFIG` where both meet in one step.
 */
export function withoutReadBack(topology: Topology): Topology {
  const written = new Set(
    topology.nodes.flatMap((node) =>
      node.kind === 'sink' && isTopic(node.target) ? [node.target.name] : [],
    ),
  )
  const left = new Set<Node>()
  for (const node of topology.nodes) {
    const parents = parentsOf(node)
    const readsBack = 'topic' in node && node.kind !== 'globalTable' && written.has(node.topic.name)
    if (!readsBack && !parents.some((parent) => left.has(parent))) continue
    if (!parents.every((parent) => left.has(parent))) {
      throw new MillraceError(
        'CONFIG',
        `step "${node.name}" joins what the topology reads with what it has written itself, of which a replay would know a part: replay --into a shadow of its own`,
        { step: node.name },
      )
    }
    left.add(node)
  }
  return Object.freeze({
    ...topology,
    nodes: Object.freeze(topology.nodes.filter((node) => !left.has(node))),
  })
}

/** Reads each of these topics no faster than this, in records a second. */
export function withRate(topology: Topology, topics: readonly string[], rate: number): Topology {
  const nodes = rebuilt(topology.nodes, (node) => {
    const meant = (node.kind === 'source' || node.kind === 'table') && topics.includes(node.topic.name)
    return meant ? { ...node, rate } : node
  })
  return Object.freeze({ ...topology, nodes })
}
