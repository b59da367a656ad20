import { MillraceError } from '../errors.ts'
import type { ProcessNode, RepartitionNode } from './keyed-nodes.ts'
import { type InputNode, type Node, parentsOf, type StepNode, type Topology } from './nodes.ts'
import { keyFormatOf } from './repartition-nodes.ts'
import { type SubTopologyInput, subTopologiesOf } from './sub-topologies.ts'
import type { Format } from './topic.ts'

/** How many partitions each repartition topic gets, by its node. */
export type RepartitionCounts = ReadonlyMap<RepartitionNode, number>

/**
 * Makes sure that records which have to meet do meet: where a step joins several inputs, a key must be in the same
 * partition of each. That takes as many partitions, the same bytes for a key, and the same partitioner.
 * (CopartitionedTopicsEnforcer, which checks the counts alone, and when it runs)
 *
 * @throws MillraceError `CONFIG`, naming step, topics and the cure.
 */
export function checkCoPartitioning(topology: Topology, partitionsOf = statedPartitions): RepartitionCounts {
  const counts = new Map<RepartitionNode, number>()
  const steps = [...topology.nodes.filter((node): node is StepNode => joins(node)), ...sharing(topology)]
  for (const step of steps) checkKeys(topology, step)
  // A repartition topic takes its count from what it meets, which may itself be one that is still to be counted.
  for (let left = repartitions(topology); left.length > 0; ) {
    const waiting = left.filter((node) => {
      const count =
        node.partitions ??
        meeting(node, steps, partitionsOf, counts) ??
        widest(topology, node, partitionsOf, counts)
      if (count !== undefined) counts.set(node, count)
      return count === undefined
    })
    if (waiting.length === left.length) for (const node of waiting) counts.set(node, 1)
    left = waiting.length === left.length ? [] : waiting
  }
  for (const step of steps) checkCounts(topology, step, partitionsOf, counts)
  return counts
}

function statedPartitions({ topic }: InputNode): number {
  return topic.partitions
}

function repartitions({ nodes }: Topology): RepartitionNode[] {
  return nodes.filter((node): node is RepartitionNode => node.kind === 'repartition')
}

/** Steps at whose entrances records of one key have to meet. */
function joins(node: Node): boolean {
  switch (node.kind) {
    case 'streamJoin':
    case 'streamTableJoin':
    case 'tableJoin':
    case 'foreignKeyRespond':
    case 'foreignKeyResolve':
      return true
    case 'aggregate':
    case 'process':
      return node.parents.length > 1
    default:
      return false
  }
}

/** Steps that share a store need the same keys in it: as if they were one, with the entrances of all. */
function sharing({ nodes }: Topology): StepNode[] {
  const processes = nodes.filter((node): node is ProcessNode => node.kind === 'process')
  const users = Map.groupBy(
    processes.flatMap((node) => Object.values(node.stores).map((store) => ({ node, store }))),
    ({ store }) => store,
  )
  return [...users.values()]
    .filter((all) => all.length > 1)
    .map((all) => ({ ...all[0]!.node, parents: all.flatMap(({ node }) => node.parents) }))
}

/** The topics that records of this node are read from, in its own sub-topology. */
function inputsOf(node: Node): SubTopologyInput[] {
  if (node.kind === 'source' || node.kind === 'table' || node.kind === 'repartition') return [node]
  return [...new Set(parentsOf(node).flatMap(inputsOf))]
}

function countOf(
  input: SubTopologyInput,
  partitionsOf: (input: InputNode) => number,
  counts: RepartitionCounts,
): number | undefined {
  return input.kind === 'repartition' ? (input.partitions ?? counts.get(input)) : partitionsOf(input)
}

/** As many as what it is joined with has. */
function meeting(
  node: RepartitionNode,
  steps: readonly StepNode[],
  partitionsOf: (input: InputNode) => number,
  counts: RepartitionCounts,
): number | undefined {
  const met = steps.map((step) => step.parents.flatMap(inputsOf)).filter((inputs) => inputs.includes(node))
  const known = met.flat().map((input) => countOf(input, partitionsOf, counts))
  const others = known.filter((count) => count !== undefined)
  return others.length === 0 ? undefined : Math.max(...others)
}

/** As many as the widest topic that is read upstream; undefined while one of them is still to be counted. */
function widest(
  topology: Topology,
  node: RepartitionNode,
  partitionsOf: (input: InputNode) => number,
  counts: RepartitionCounts,
): number | undefined {
  const upstream = subTopologiesOf(topology).filter(({ steps }) => steps.includes(node))
  const all = upstream.flatMap(({ inputs }) => inputs).filter((input) => input !== node)
  const known = all.map((input) => countOf(input, partitionsOf, counts))
  return known.every((count) => count !== undefined) ? Math.max(...(known as number[])) : undefined
}

function checkCounts(
  topology: Topology,
  step: StepNode,
  partitionsOf: (input: InputNode) => number,
  counts: RepartitionCounts,
): void {
  const inputs = step.parents.flatMap(inputsOf)
  const found = inputs.map((input) => ({ input, count: countOf(input, partitionsOf, counts)! }))
  const other = found.find(({ count }) => count !== found[0]!.count)
  if (other === undefined) return
  const [a, b] = [found[0]!, other].map(({ input, count }) => `${labelOf(input)} has ${count} partitions`)
  throw refusal(topology, step, `${a}, ${b}: a key would be in different ones`)
}

function checkKeys(topology: Topology, step: StepNode): void {
  const [first, ...others] = step.parents
  for (const other of others) {
    if (!sameFormat(keyFormatOf(first!), keyFormatOf(other))) {
      const message = `the keys of "${first!.name}" and "${other.name}" are written differently`
      throw refusal(topology, step, `${message}, so that equal keys have different bytes`)
    }
    const [a, b] = [first!, other].map((parent) => partitionersOf(parent))
    if (a !== b)
      throw refusal(topology, step, `"${first!.name}" is partitioned by ${a}, "${other.name}" by ${b}`)
  }
}

function refusal({ name }: Topology, step: StepNode, reason: string): MillraceError {
  const cure =
    'put repartition(…) before the step on the side that is to change, or state the topics as they are'
  return new MillraceError(
    'CONFIG',
    `step "${step.name}" of topology "${name}" can't join: ${reason}; ${cure}`,
    {
      step: step.name,
    },
  )
}

function labelOf(input: SubTopologyInput): string {
  return input.kind === 'repartition' ? `repartition step "${input.name}"` : `topic "${input.topic.name}"`
}

function partitionersOf(node: Node): string {
  const [input] = inputsOf(node)
  return input === undefined || input.kind === 'repartition' ? 'murmur2' : input.topic.partitioner
}

/** Contracts are compared by their schema; of two formats in code it is not known, and taken as meant. */
function sameFormat(a: Format<unknown>, b: Format<unknown>): boolean {
  if ('encode' in a && 'encode' in b) return true
  return !('encode' in a) && !('encode' in b) && a.text === b.text
}
