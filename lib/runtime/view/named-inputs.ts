import { MillraceError } from '../../errors.ts'
import type { TopicPartition } from '../../record.ts'
import type { Topology } from '../../topology/nodes.ts'
import { inputTopics } from '../input-topics.ts'
import type { PartitionCounts } from '../task-plan.ts'
import type { NamedInputs } from './worker-view.ts'

/**
 * The partitions that are meant; undefined: all that there are.
 *
 * @throws MillraceError `CONFIG` for what the topology does not read.
 */
export function namedInputs(
  { topic, partition }: NamedInputs,
  topology: Topology,
  application: string,
  partitionsOf: PartitionCounts,
): readonly TopicPartition[] | undefined {
  if (topic === undefined && partition === undefined) return undefined
  const { outside, own } = inputTopics(topology, application)
  const all = [...outside, ...own].flatMap((name) =>
    Array.from({ length: partitionsOf(name) }, (_, index) => ({ topic: name, partition: index })),
  )
  const named = all.filter(
    (one) => (topic ?? one.topic) === one.topic && (partition ?? one.partition) === one.partition,
  )
  if (named.length > 0) return named
  const what = [topic && `topic "${topic}"`, partition !== undefined && `partition ${partition}`]
  throw new MillraceError(
    'CONFIG',
    `topology "${topology.name}" does not read ${what.filter(Boolean).join(', ')}; it reads ${[...outside, ...own].join(', ')}`,
  )
}
