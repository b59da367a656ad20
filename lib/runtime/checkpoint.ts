import type { Position } from '../record.ts'
import type { ChangeloggedState } from '../state/changelogged-state.ts'
import type { TaskState } from '../state/task-state.ts'
import { type ChangelogPlace, changelogRecords, moved, nextCheckpoint } from './changelog.ts'
import type { ChangelogEnds } from './changelog-ends.ts'
import type { Committer } from './committer.ts'
import { deliver, type Outputs, sendAll } from './deliver.ts'
import type { Outbox } from './outbox.ts'
import { withPositions } from './saved-positions.ts'

/** The state of a task that keeps any. */
export interface KeptState {
  readonly changelogs: ChangelogPlace
  readonly ends: ChangelogEnds
  readonly task: TaskState
  readonly backend: ChangeloggedState
}

export interface CheckpointTargets {
  readonly outputs: Outputs
  readonly committer: Committer
  /** Undefined for a task without stores. */
  readonly state: KeptState | undefined
}

/**
 * The one file that commits. At-least-once: a crash before step 3 means that the micro-batch is read and written
 * again, which idempotent sinks do not notice; a crash behind it, that the state skips what its positions cover.
 */
export async function checkpoint(
  outbox: Outbox,
  positions: readonly Position[],
  { outputs, committer, state }: CheckpointTargets,
  signal: AbortSignal,
): Promise<void> {
  // 1. every sink has acknowledged every row and record, dead letters included
  await deliver(outbox, outputs, signal)
  if (state !== undefined) {
    const { changelogs, ends, task, backend } = state
    const said = { ...withPositions(backend.meta, positions), ...task.times() }
    const changes = backend.changes()
    if (changes.length > 0 || moved(backend.meta, said)) {
      const meta = nextCheckpoint(backend.meta, said, ends.known)
      // 2. the changelogs hold what has changed, and then what the state covers
      for (const records of changelogRecords(changelogs, changes, meta, Date.now())) {
        await sendAll(records, outputs, signal)
      }
      // 3. state and positions are saved in one step
      await backend.save(meta)
      await ends.ask()
    }
  }
  // 4. the positions behind the micro-batch are stored for the group
  if (positions.length === 0) return
  await committer.commit(positions)
  state?.ends.committed()
}
