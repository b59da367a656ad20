import type { RepartitionNode } from './keyed-nodes.ts'
import type { InputNode, Topology } from './nodes.ts'
import { type SubTopologyInput, subTopologiesOf } from './sub-topologies.ts'

/** How many partitions each repartition topic gets, by its node. */
export type RepartitionCounts = ReadonlyMap<RepartitionNode, number>

/** How many partitions a topic of the outside has. */
export type PartitionsOf = (input: InputNode) => number

export function countOf(
  input: SubTopologyInput,
  partitionsOf: PartitionsOf,
  counts: RepartitionCounts,
): number | undefined {
  return input.kind === 'repartition' ? (input.partitions ?? counts.get(input)) : partitionsOf(input)
}

/**
 * A repartition topic gets as many partitions as what it meets in some step or, where all of that are repartition topics
 * themselves, as the widest topic that any of them is fed from. `meetings` are the inputs that meet, by step.
 * (RepartitionTopics#computePartitionCount, CopartitionedTopicsEnforcer)
 */
export function repartitionCounts(
  topology: Topology,
  meetings: readonly (readonly SubTopologyInput[])[],
  partitionsOf: PartitionsOf,
): RepartitionCounts {
  const counts = new Map<RepartitionNode, number>()
  const feeds = feedsOf(topology)
  const known = (inputs: readonly SubTopologyInput[]) =>
    inputs.map((input) => countOf(input, partitionsOf, counts)).filter((count) => count !== undefined)

  const count = (group: ReadonlySet<SubTopologyInput>, guess: boolean): boolean => {
    const stated = known([...group])
    const upstream = [...group]
      .flatMap((input) => feeds.get(input) ?? [])
      .filter((input) => !group.has(input))
    const candidates = stated.length > 0 ? stated : known(upstream)
    if (candidates.length === 0 || (stated.length === 0 && !guess && candidates.length < upstream.length))
      return false
    for (const input of group) {
      if (input.kind === 'repartition') counts.set(input, input.partitions ?? Math.max(...candidates))
    }
    return true
  }

  let left = groupsOf(topology, meetings)
  while (left.length > 0) {
    const waiting = left.filter((group) => !count(group, false))
    // Topics that feed each other in a circle: what is known of one of them has to do.
    const stuck = waiting.length === left.length ? waiting.findIndex((group) => count(group, true)) : -1
    left = waiting.filter((_, index) => index !== stuck)
  }
  return counts
}

/** Repartition topics, together with all that must have as many partitions. */
function groupsOf(
  { nodes }: Topology,
  meetings: readonly (readonly SubTopologyInput[])[],
): ReadonlySet<SubTopologyInput>[] {
  const alone = nodes.filter((node) => node.kind === 'repartition').map((node) => [node])
  let groups: Set<SubTopologyInput>[] = []
  for (const meeting of [...meetings, ...alone]) {
    const joined = groups.filter((group) => meeting.some((input) => group.has(input)))
    const group = new Set([...meeting, ...joined.flatMap((other) => [...other])])
    groups = [...groups.filter((other) => !joined.includes(other)), group]
  }
  return groups.filter((group) => [...group].some(({ kind }) => kind === 'repartition'))
}

/** What the tasks read that write to a repartition topic. */
function feedsOf(topology: Topology): ReadonlyMap<SubTopologyInput, readonly SubTopologyInput[]> {
  const feeds = new Map<SubTopologyInput, SubTopologyInput[]>()
  for (const { inputs, steps } of subTopologiesOf(topology)) {
    for (const step of steps) {
      if (step.kind === 'repartition') feeds.set(step, [...(feeds.get(step) ?? []), ...inputs])
    }
  }
  return feeds
}
