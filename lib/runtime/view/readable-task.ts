import type { Position } from '../../record.ts'
import type { TaskState } from '../../state/task-state.ts'
import type { Looked } from './committed-reads.ts'

/** A position, and when the record before it had happened. Milliseconds; undefined where none has been read. */
export interface ReadTo extends Position {
  readonly timestamp: number | undefined
}

/** A task whose state can be looked at from outside: one that this worker owns, or follows. */
export interface ReadableTask {
  /** `<sub-topology>_<partition>` */
  readonly name: string
  readonly role: 'active' | 'standby'
  /** What it reads: inputs, or the changelogs that it follows. */
  readonly topics: readonly string[]
  readonly stores: readonly string[]
  /** `look` is synchronous, and sees the state of one moment. Resolves to undefined when the state is given up. */
  read<T>(look: (state: TaskState) => T): Promise<Looked<T> | undefined>
  /** How far it is in `topics`. */
  readTo(): readonly ReadTo[]
}
