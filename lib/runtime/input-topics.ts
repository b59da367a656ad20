import type { BrokerAdmin } from '../broker/broker.ts'
import { MillraceError } from '../errors.ts'
import { checkCoPartitioning } from '../topology/co-partitioning.ts'
import { type InputNode, isTopic, type Topology } from '../topology/nodes.ts'
import { type SubTopology, storeNames, subTopologiesOf, topicOf } from '../topology/sub-topologies.ts'
import { changelogTopic } from './changelog.ts'
import { type PartitionCounts, taskNames } from './task-plan.ts'

/** The topics that tasks read: those of the outside, and the application's own behind them. */
export interface InputTopics {
  readonly outside: readonly string[]
  readonly own: readonly string[]
  /** Those of the outside that it writes itself. */
  readonly written: readonly string[]
}

export function inputTopics(topology: Topology, application: string): InputTopics {
  const inputs = subTopologiesOf(topology).flatMap((sub) => sub.inputs)
  const named = (own: boolean) =>
    inputs.filter(({ kind }) => (kind === 'repartition') === own).map((input) => topicOf(input, application))
  const outside = [...new Set(named(false))]
  const targets = topology.nodes.flatMap((node) => (node.kind === 'sink' ? [node.target] : []))
  const written = outside.filter((name) => targets.some((target) => isTopic(target) && target.name === name))
  return { outside, own: [...new Set(named(true))], written }
}

/** Of the outside, those that it does not write itself: where its input comes from. */
export function sourceTopics(topology: Topology, application: string): readonly string[] {
  const { outside, written } = inputTopics(topology, application)
  return outside.filter((topic) => !written.includes(topic))
}

/**
 * How many partitions the inputs really have.
 *
 * @throws MillraceError `CONFIG` where co-partitioned inputs differ, so that keys would not meet, and where a topic of
 * the application's own has another number than they ask for.
 */
export async function partitionCounts(
  admin: BrokerAdmin,
  topology: Topology,
  application: string,
): Promise<PartitionCounts> {
  const { outside, own } = inputTopics(topology, application)
  const changelogs = changelogsOf(topology, application)
  const found = await admin.topics([...outside, ...own, ...changelogs.keys()])
  const counts = new Map(found.map(({ topic, partitions }) => [topic, partitions]))
  const partitionsOf = (topic: string) => counts.get(topic) ?? 1
  const wanted = checkCoPartitioning(topology, ({ topic }: InputNode) => partitionsOf(topic.name))
  for (const [node, partitions] of wanted) requirePartitions(topicOf(node, application), partitions)
  for (const [topic, sub] of changelogs) {
    requirePartitions(topic, taskNames(sub, application, partitionsOf).length)
  }
  return partitionsOf

  function requirePartitions(topic: string, needed: number): void {
    if (partitionsOf(topic) === needed) return
    const cure =
      'State in code how many partitions the topics that it reads have, delete this one while no worker runs, and `millrace apply` makes it anew'
    const message = `topic "${topic}" has ${partitionsOf(topic)} partitions, and needs ${needed}. ${cure}`
    throw new MillraceError('CONFIG', message, { topic })
  }
}

/** The changelog topics, and the sub-topology whose tasks write them. */
export function changelogsOf(topology: Topology, application: string): ReadonlyMap<string, SubTopology> {
  const changelogs = new Map<string, SubTopology>()
  for (const sub of subTopologiesOf(topology)) {
    for (const store of storeNames(sub)) changelogs.set(changelogTopic(application, store), sub)
  }
  return changelogs
}
