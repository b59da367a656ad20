import type { Position, TopicPartition } from '../record.ts'
import type { Topology } from '../topology/nodes.ts'
import {
  type SubTopology,
  storeNames,
  subTopologiesOf,
  topicOf,
  upstreamOf,
} from '../topology/sub-topologies.ts'

/** One task: a sub-topology and a partition of its inputs. */
export interface TaskPlan {
  /** `<sub-topology>_<partition>`, as Kafka Streams names tasks. */
  readonly name: string
  readonly sub: SubTopology
  readonly partition: number
  /** Where the group is in each of its inputs. */
  readonly positions: readonly Position[]
  /** The tasks whose time this one waits for. */
  readonly upstreams: readonly string[]
  /** The names of what it keeps. */
  readonly stores: readonly string[]
}

/** How many partitions a topic has. */
export type PartitionCounts = (topic: string) => number

/** The names of the tasks that these partitions make up. */
export function namesOfTasks(
  topology: Topology,
  application: string,
  partitions: readonly TopicPartition[],
): string[] {
  const positions = partitions.map((one) => ({ ...one, offset: 0 }))
  return planTasks(topology, application, positions, () => 0).map(({ name }) => name)
}

/** The tasks that these partitions make up. */
export function planTasks(
  topology: Topology,
  application: string,
  positions: readonly Position[],
  partitionsOf: PartitionCounts,
): TaskPlan[] {
  const subs = subTopologiesOf(topology)
  const subOf = (topic: string) =>
    subs.find(({ inputs }) => inputs.some((one) => topicOf(one, application) === topic))!
  const byTask = Map.groupBy(positions, ({ topic, partition }) => `${subOf(topic).id}_${partition}`)
  return [...byTask].map(([name, own]) => {
    const sub = subOf(own[0]!.topic)
    return {
      name,
      sub,
      partition: own[0]!.partition,
      positions: own,
      upstreams: upstreamOf(topology, sub).flatMap((one) => taskNames(one, application, partitionsOf)),
      stores: storeNames(sub),
    }
  })
}

/** A task by its name, whoever runs it; undefined where the topology has none of that name. */
export function planTask(
  topology: Topology,
  application: string,
  task: string,
  partitionsOf: PartitionCounts,
): TaskPlan | undefined {
  const sub = subTopologiesOf(topology).find((one) => task.startsWith(`${one.id}_`))
  if (sub === undefined) return undefined
  const partition = Number(task.slice(task.indexOf('_') + 1))
  const positions = [{ topic: topicOf(sub.inputs[0]!, application), partition, offset: 0 }]
  return planTasks(topology, application, positions, partitionsOf)[0]
}

/** Every task of a sub-topology: one for each partition of its widest input. */
export function taskNames(sub: SubTopology, application: string, partitionsOf: PartitionCounts): string[] {
  const partitions = Math.max(...sub.inputs.map((input) => partitionsOf(topicOf(input, application))))
  return Array.from({ length: partitions }, (_, partition) => `${sub.id}_${partition}`)
}
