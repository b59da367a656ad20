import type { Position } from '../record.ts'
import type { Committer } from './committer.ts'
import { deliver, type Outputs } from './deliver.ts'
import type { Outbox } from './outbox.ts'

/**
 * The one file that commits. At-least-once: a crash before step 2 means that the micro-batch is read and written
 * again, which idempotent sinks do not notice; after it, never.
 */
export async function checkpoint(
  outbox: Outbox,
  positions: readonly Position[],
  outputs: Outputs,
  committer: Committer,
  signal: AbortSignal,
): Promise<void> {
  // 1. every sink has acknowledged every row and record, dead letters included
  await deliver(outbox, outputs, signal)
  // 2. the positions behind the micro-batch are stored for the group
  await committer.commit(positions)
}
