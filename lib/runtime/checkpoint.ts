import type { OutRecord, Position } from '../record.ts'
import type { ChangeloggedState } from '../state/changelogged-state.ts'
import type { TaskState } from '../state/task-state.ts'
import { type ChangelogPlace, changelogRecords, type Meta, moved, nextCheckpoint } from './changelog.ts'
import type { ChangelogEnds } from './changelog-ends.ts'
import type { Committer } from './committer.ts'
import {
  countWritten,
  deliver,
  deliverRows,
  type Outputs,
  type RowOutputs,
  type RowWriters,
  sendAll,
} from './deliver.ts'
import type { Outbox } from './outbox.ts'
import { withPositions } from './saved-positions.ts'

/** The state of a task that keeps any. */
export interface KeptState {
  readonly changelogs: ChangelogPlace
  readonly ends: ChangelogEnds
  readonly task: TaskState
  readonly backend: ChangeloggedState
}

/** Commits what has come of a micro-batch, together with the positions behind it. */
export type Checkpoint = (
  outbox: Outbox,
  positions: readonly Position[],
  signal: AbortSignal,
) => Promise<void>

interface Targets {
  readonly rows: RowWriters
  /** Undefined for a task without stores. */
  readonly state: KeptState | undefined
}

/**
 * At-least-once: a crash before step 3 means that the micro-batch is read and written again, which idempotent sinks do
 * not notice; a crash behind it, that the state skips what its positions cover.
 */
export function atLeastOnce(
  targets: Targets & { readonly outputs: Outputs; readonly committer: Committer },
): Checkpoint {
  const { outputs, rows, state, committer } = targets
  return async (outbox, positions, signal) => {
    // 1. every sink has acknowledged every row and record, dead letters included
    await deliver(outbox, outputs, rows, positions, signal)
    const change = state && changeOf(state, positions)
    if (change !== undefined) {
      // 2. the changelogs hold what has changed, and then what the state covers
      for (const records of change.records) await sendAll(records, outputs, signal)
      // 3. state and positions are saved in one step
      await state!.backend.save(change.meta)
      await state!.ends.ask()
    }
    // 4. the positions behind the micro-batch are stored for the group
    if (positions.length === 0) return
    await committer.commit(positions)
    state?.ends.committed()
  }
}

interface TransactionalTargets extends Targets {
  readonly outputs: RowOutputs
  /** Commits both in one transaction. */
  readonly commit: (records: readonly OutRecord[], positions: readonly Position[]) => Promise<void>
}

/**
 * Exactly-once: a crash before step 2 has committed leaves nothing that a reader of committed records sees, and tables
 * know which rows they have. A crash behind it leaves a local state that is behind; the changelogs' tail is read then.
 * What rejects ends the task: whether step 2 was done is known when the writer of it has been fenced.
 */
export function exactlyOnce(targets: TransactionalTargets): Checkpoint {
  const { outputs, rows, state, commit } = targets
  return async (outbox, positions, signal) => {
    // 1. tables have acknowledged their rows, with the positions behind them where they can keep these
    const letters = await deliverRows(outbox, outputs, rows, positions, signal)
    // 2. records, dead letters, changelogs and positions are committed in one transaction
    const change = state && changeOf(state, positions)
    const records = outbox.records.map(({ record }) => record)
    const all = [...records, ...letters, ...outbox.markers, ...(change?.records.flat() ?? [])]
    if (all.length === 0 && positions.length === 0) return
    await commit(all, positions)
    countWritten(outbox.records, outputs.counters)
    outputs.counters.add('dead-letters', 'written', letters.length)
    // 3. the local state follows
    if (change === undefined) return
    await state!.backend.save(change.meta)
    state!.ends.committed()
    await state!.ends.ask()
  }
}

/** What a checkpoint writes to the changelogs, in steps, and saves; undefined where nothing has changed. */
function changeOf({ changelogs, ends, task, backend }: KeptState, positions: readonly Position[]) {
  const said: Meta = { ...withPositions(backend.meta, positions), ...task.times() }
  const changes = backend.changes()
  if (changes.length === 0 && !moved(backend.meta, said)) return undefined
  const meta = nextCheckpoint(backend.meta, said, ends.known)
  return { meta, records: changelogRecords(changelogs, changes, meta, Date.now()) }
}
