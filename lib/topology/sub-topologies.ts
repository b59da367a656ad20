import type { RepartitionNode } from './keyed-nodes.ts'
import { childrenOf, type InputNode, isDrops, type Node, type StepNode, type Topology } from './nodes.ts'
import { repartitionTopic } from './repartition-nodes.ts'
import { storesOf } from './stores-of.ts'

/**
 * What one task runs: steps that are connected without a repartition topic between them. Such a topic's node is the end
 * of one sub-topology and an input of the next. (InternalTopologyBuilder#nodeGroups)
 */
export interface SubTopology {
  readonly id: number
  readonly inputs: ReadonlyArray<InputNode | RepartitionNode>
  /** In the order they were said; repartition nodes that end it are among them, those that begin it are not. */
  readonly steps: readonly StepNode[]
}

export type SubTopologyInput = SubTopology['inputs'][number]

/** The topic that an input reads. */
export function topicOf(input: SubTopologyInput, application: string): string {
  return input.kind === 'repartition' ? repartitionTopic(application, input) : input.topic.name
}

export function subTopologiesOf(topology: Topology): SubTopology[] {
  let groups: Set<Node>[] = []
  for (const input of topology.nodes.filter(isInput)) {
    const reached = new Set<Node>([input])
    for (const child of behind(topology, input)) reach(topology, child, reached)
    const meeting = groups.filter((group) => meet(group, reached))
    for (const node of meeting.flatMap((group) => [...group])) reached.add(node)
    const [first] = meeting
    // Sub-topologies are numbered in the order of their first inputs.
    const kept = groups.filter((group) => group === first || !meeting.includes(group))
    groups = first === undefined ? [...kept, reached] : kept.with(kept.indexOf(first), reached)
  }
  return groups.map((group, id) => {
    const own = topology.nodes.filter((node) => group.has(node))
    return {
      id,
      inputs: own.filter(isInput).filter((node) => begins(topology, node, group)),
      steps: own.filter(isStep).filter((node) => ends(node, group)),
    }
  })
}

/** A repartition node begins the group of its children; it only ends that of its parent. */
function begins(topology: Topology, node: SubTopologyInput, group: ReadonlySet<Node>): boolean {
  return node.kind !== 'repartition' || behind(topology, node).some((child) => group.has(child))
}

function ends(node: StepNode, group: ReadonlySet<Node>): boolean {
  return node.kind !== 'repartition' || node.parents.some((parent) => group.has(parent))
}

function meet(group: ReadonlySet<Node>, other: ReadonlySet<Node>): boolean {
  const stores = new Set([...group].flatMap(storesOf))
  // A repartition topic between two groups is what keeps them apart.
  return [...other].some((node) => {
    return (
      node.kind !== 'repartition' && (group.has(node) || storesOf(node).some((store) => stores.has(store)))
    )
  })
}

function reach(topology: Topology, node: Node, reached: Set<Node>): void {
  reached.add(node)
  const children = childrenOf(topology, node)
  // What a repartition topic does not take is left before it.
  const here = node.kind === 'repartition' ? children.filter(isDrops) : children
  for (const child of here) reach(topology, child, reached)
}

/** What reads an input. */
function behind(topology: Topology, input: SubTopologyInput): StepNode[] {
  const children = childrenOf(topology, input)
  return input.kind === 'repartition' ? children.filter((child) => !isDrops(child)) : children
}

function isInput(node: Node): node is SubTopologyInput {
  return node.kind === 'source' || node.kind === 'table' || node.kind === 'repartition'
}

function isStep(node: Node): node is StepNode {
  return 'parents' in node
}

/**
 * Those whose time this one waits for: they write to repartition topics that it reads. Not those that it feeds in turn,
 * as the two halves of a foreign-key join do: each would wait for the other.
 */
export function upstreamOf(topology: Topology, sub: SubTopology): SubTopology[] {
  const all = subTopologiesOf(topology)
  const feeds = (one: SubTopology, other: SubTopology): boolean =>
    one.steps.some((step) => other.inputs.includes(step as never))
  const reaches = (from: SubTopology, seen = new Set<number>()): Set<number> => {
    for (const next of all.filter((other) => feeds(from, other) && !seen.has(other.id))) {
      seen.add(next.id)
      reaches(next, seen)
    }
    return seen
  }
  const downstream = reaches(sub)
  return all.filter((one) => feeds(one, sub) && !downstream.has(one.id) && one.id !== sub.id)
}

/** The names of the stores that its tasks keep, each once. */
export function storeNames({ inputs, steps }: SubTopology): string[] {
  return [...new Set([...inputs, ...steps].flatMap(storesOf).map(({ name }) => name))]
}
