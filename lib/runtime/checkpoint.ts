import type { TopicPartition } from '../record.ts'
import type { Committer } from './committer.ts'
import { deliver, type Outputs } from './deliver.ts'
import type { Outbox } from './outbox.ts'

/**
 * The one file that commits. At-least-once: a crash before step 2 means that the micro-batch is read and written
 * again, which idempotent sinks do not notice; after it, never.
 */
export async function checkpoint(
  outbox: Outbox,
  partition: TopicPartition,
  next: number,
  outputs: Outputs,
  committer: Committer,
  signal: AbortSignal,
): Promise<void> {
  // 1. every sink has acknowledged every row and record, dead letters included
  await deliver(outbox, outputs, signal)
  // 2. the position behind the micro-batch is stored for the group
  await committer.commit({ topic: partition.topic, partition: partition.partition, offset: next })
}
