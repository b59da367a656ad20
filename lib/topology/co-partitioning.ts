import { MillraceError } from '../errors.ts'
import type { ProcessNode } from './keyed-nodes.ts'
import { type InputNode, type Node, parentsOf, type StepNode, type Topology } from './nodes.ts'
import {
  countOf,
  type PartitionsOf,
  type RepartitionCounts,
  repartitionCounts,
} from './repartition-counts.ts'
import type { SubTopologyInput } from './sub-topologies.ts'
import { type Format, formatName } from './topic.ts'

/**
 * Makes sure that records which have to meet do meet: a step that needs the records of a key together, and has them from
 * several topics, must find a key in the same partition of each. That takes as many partitions, the same bytes for a key,
 * and the same partitioner. (CopartitionedTopicsEnforcer, which checks the counts of joins and cogroups alone, and
 * when they run)
 *
 * @throws MillraceError `CONFIG`, naming step, topics and the cure.
 */
export function checkCoPartitioning(
  topology: Topology,
  partitionsOf: PartitionsOf = statedPartitions,
): RepartitionCounts {
  const steps = [...topology.nodes.filter((node): node is StepNode => needsKeys(node)), ...sharing(topology)]
  const meetings = steps.map((step) => ({ step, inputs: [...new Set(step.parents.flatMap(inputsOf))] }))
  for (const { step, inputs } of meetings) checkKeys(topology, step, inputs)
  const inputs = meetings.map((meeting) => meeting.inputs)
  const counts = repartitionCounts(topology, inputs, partitionsOf)
  for (const { step, inputs } of meetings) checkCounts(topology, step, inputs, partitionsOf, counts)
  return counts
}

function statedPartitions({ topic }: InputNode): number {
  return topic.partitions
}

/** Steps in which all records of a key have to meet, from whatever topics. */
function needsKeys(node: Node): boolean {
  switch (node.kind) {
    case 'aggregate':
    case 'dedupe':
    case 'toTable':
    case 'groupAggregate':
    case 'streamJoin':
    case 'streamTableJoin':
    case 'tableJoin':
    case 'foreignKeyRespond':
    case 'foreignKeyResolve':
      return true
    case 'batch':
      return node.per === 'key'
    case 'process':
      return node.parents.length > 1 || Object.keys(node.stores).length > 0
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

function checkCounts(
  topology: Topology,
  step: StepNode,
  inputs: readonly SubTopologyInput[],
  partitionsOf: PartitionsOf,
  counts: RepartitionCounts,
): void {
  const [first, ...others] = inputs.map((input) => ({ input, count: countOf(input, partitionsOf, counts)! }))
  const other = others.find(({ count }) => count !== first!.count)
  if (other === undefined) return
  const differ = [first!, other].map(({ input, count }) => `${labelOf(input)} has ${count} partitions`)
  const cure = `${repartitioned(other.input)}, where it takes the count of what it meets, or give both as many`
  throw refusal(topology, step, differ.join(', '), cure)
}

function checkKeys(
  topology: Topology,
  step: StepNode,
  [first, ...others]: readonly SubTopologyInput[],
): void {
  if (first === undefined) return
  for (const other of others) {
    const both = [first, other] as const
    if (!sameFormat(keyOf(first), keyOf(other))) {
      const differ = both.map((input) => `the keys of ${labelOf(input)} are ${formatName(keyOf(input))}`)
      const cure = `${repartitioned(other)}, with { key } as for ${labelOf(first)}`
      throw refusal(topology, step, `${differ.join(', ')}, so that equal keys have other bytes`, cure)
    }
    if (partitionerOf(first) === partitionerOf(other)) continue
    const differ = both.map((input) => `${labelOf(input)} is partitioned by ${partitionerOf(input)}`)
    const foreign = both.filter((input) => partitionerOf(input) !== OURS).map(repartitioned)
    throw refusal(
      topology,
      step,
      differ.join(', '),
      `${foreign.join(', and ')}, which is partitioned by ${OURS}`,
    )
  }
}

function refusal({ name }: Topology, { name: step }: StepNode, differ: string, cure: string): MillraceError {
  const message = `step "${step}" of topology "${name}" needs equal keys in equal partitions, but ${differ}: ${cure}`
  return new MillraceError('CONFIG', message, { step })
}

/** A table is repartitioned as a stream. */
function repartitioned(input: SubTopologyInput): string {
  const steps = input.kind === 'table' ? 'toStream(…), repartition(…) and toTable(…)' : 'repartition(…)'
  return `put ${steps} behind ${labelOf(input)}`
}

function labelOf(input: SubTopologyInput): string {
  return input.kind === 'repartition' ? `step "${input.name}"` : `topic "${input.topic.name}"`
}

/** What all repartition topics are partitioned by. */
const OURS = 'murmur2'

function partitionerOf(input: SubTopologyInput): string {
  return input.kind === 'repartition' ? OURS : input.topic.partitioner
}

function keyOf(input: SubTopologyInput): Format<unknown> {
  return input.kind === 'repartition' ? input.key : input.topic.key
}

/** Contracts are compared by their schema, formats in code by what they say they write; those that don't are believed. */
function sameFormat(a: Format<unknown>, b: Format<unknown>): boolean {
  if ('encode' in a && 'encode' in b)
    return a.writes === undefined || b.writes === undefined || a.writes === b.writes
  return !('encode' in a) && !('encode' in b) && a.text === b.text
}
