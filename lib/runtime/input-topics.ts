import { MillraceError } from '../errors.ts'
import type { BrokerAdmin } from '../ports.ts'
import { checkCoPartitioning } from '../topology/co-partitioning.ts'
import type { InputNode, Topology } from '../topology/nodes.ts'
import { subTopologiesOf, topicOf } from '../topology/sub-topologies.ts'
import type { PartitionCounts } from './task-plan.ts'

/** The topics that tasks read: those of the outside, and the application's own behind them. */
export interface InputTopics {
  readonly outside: readonly string[]
  readonly own: readonly string[]
}

export function inputTopics(topology: Topology, application: string): InputTopics {
  const inputs = subTopologiesOf(topology).flatMap((sub) => sub.inputs)
  const named = (own: boolean) =>
    inputs.filter(({ kind }) => (kind === 'repartition') === own).map((input) => topicOf(input, application))
  return { outside: [...new Set(named(false))], own: [...new Set(named(true))] }
}

/**
 * How many partitions the inputs really have.
 *
 * @throws MillraceError `CONFIG` where co-partitioned inputs differ: keys would not meet.
 */
export async function partitionCounts(
  admin: BrokerAdmin,
  topology: Topology,
  application: string,
): Promise<PartitionCounts> {
  const { outside, own } = inputTopics(topology, application)
  const found = await admin.topics([...outside, ...own])
  const counts = new Map(found.map(({ topic, partitions }) => [topic, partitions]))
  const partitionsOf = (topic: string) => counts.get(topic) ?? 1
  const wanted = checkCoPartitioning(topology, ({ topic }: InputNode) => partitionsOf(topic.name))
  for (const [node, partitions] of wanted) {
    const topic = topicOf(node, application)
    if (partitionsOf(topic) === partitions) continue
    throw new MillraceError(
      'CONFIG',
      `topic "${topic}" has ${partitionsOf(topic)} partitions, and needs ${partitions} as the topics it meets: delete it while no worker runs, and \`millrace apply\` makes it anew`,
      { step: node.name, topic },
    )
  }
  return partitionsOf
}
