import type { CountsByStep } from '../../runtime/counters.ts'
import type { WorkerView } from '../../runtime/view/worker-view.ts'

/** Works on every topology of a run: in this thread, or in one of its own. */
export interface Crew {
  /** Resolves when all its workers run; rejects when one can't begin, and then none does. */
  start(): Promise<void>
  /** Lets the workers of one topology, or of all, finish what is in hand, commit it and leave. */
  stop(topology?: number): void
  /** Resolves when every worker has ended and nothing is open any more. Never rejects: see `CrewEvents`. */
  readonly done: Promise<void>
  /** By topology, as of now or of a moment ago. */
  counts(): readonly CountsByStep[]
  /** By topology, once they run. */
  views(): readonly WorkerView[]
}

export interface CrewEvents {
  /** The workers of a topology have failed; those of the others go on. */
  failed(topology: number, error: unknown): void
}

/** What a run is asked for: plain data, so that a thread can be given it. */
export interface RunSettings {
  readonly files: readonly string[]
  readonly embedded?: readonly string[] | undefined
  readonly untilCaughtUp: boolean
  readonly drain: boolean
  readonly batch: { readonly records: number; readonly bytes: number; readonly wait: number }
  readonly applicationId?: string | undefined
  readonly guarantee?: 'at-least-once' | 'exactly-once' | undefined
  readonly stateDir: string
  readonly standbys: number
  /** Where other instances reach this one. */
  readonly endpoint?: string | undefined
}
