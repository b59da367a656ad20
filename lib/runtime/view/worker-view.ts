import type { TaskOwner } from '../../broker/broker.ts'
import type { TopicPartition } from '../../record.ts'
import type { Description } from '../../topology/describe.ts'
import type { Guarantee } from '../../topology/nodes.ts'
import type { RestoreProgress } from '../restore-progress.ts'

/**
 * What can be asked of a worker while it runs. Calls are asynchronous and what goes in and comes out is plain data, so
 * that the worker may be in another thread. None of them rejects but for a worker that is gone.
 */
export interface WorkerView {
  status(): Promise<WorkerStatus>
  metrics(): Promise<WorkerMetrics>
  /** The tasks that may hold a key of a store, or any of its keys. */
  locate(place: { readonly store: string; readonly key?: string | undefined }): Promise<Located>
  /** Asks one task for rows of one of its stores. */
  query(query: StoreQuery): Promise<StoreAnswer>
  /** Reads these inputs no more, until they are resumed or the worker ends. (KIP-834) */
  pause(inputs: NamedInputs): Promise<Paused | Refused>
  resume(inputs: NamedInputs): Promise<Paused | Refused>
}

/** Everything; partition n of all inputs, which is their tasks n; or that of one topic. */
export interface NamedInputs {
  readonly partition?: number | undefined
  readonly topic?: string | undefined
}

export interface Paused {
  readonly outcome: 'done'
  /** What is paused now. */
  readonly paused: PausedInputs
}

export type PausedInputs = 'all' | readonly TopicPartition[]

/** `rebalancing`: its partitions have been taken back, and it has not been told which are its own now. */
export type WorkerState = 'starting' | 'rebalancing' | 'restoring' | 'running' | 'stopped' | 'failed'

export interface WorkerStatus {
  readonly topology: string
  readonly application: string
  readonly guarantee: Guarantee
  readonly state: WorkerState
  /** Of the assignment that it has, or had last. */
  readonly generation: number
  readonly paused: PausedInputs
  readonly description: Description
  readonly stores: readonly StoreInfo[]
  /** Those that it runs or follows now. */
  readonly tasks: readonly TaskInfo[]
  /** Every task of the topology, by name. */
  readonly allTasks: readonly string[]
  /** Every member of the group, as of the last assignment; empty where the group does not say. */
  readonly owners: readonly TaskOwner[]
}

export interface StoreInfo {
  readonly name: string
  readonly kind: 'key-value' | 'window' | 'session' | 'versioned'
  /** The step that keeps it. */
  readonly step: string
  /** How its keys are written. */
  readonly keys: string
  /** Every worker holds all its rows. */
  readonly global: boolean
  /** False for what steps keep for themselves: buffers, subscriptions, sides of joins. */
  readonly queryable: boolean
}

/** Who answers: the owner, one who follows it, or, of a global table, anyone. */
export type Role = 'active' | 'standby' | 'global'

export interface TaskInfo {
  readonly task: string
  readonly role: Role
  readonly partition: number
  readonly topics: readonly string[]
  readonly stores: readonly string[]
}

export interface WorkerMetrics {
  readonly topology: string
  readonly application: string
  /** By step and by what happened there. */
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly inputs: readonly InputLag[]
  readonly stores: readonly StoreSize[]
  readonly stateBytes: readonly { readonly task: string; readonly bytes: number }[]
  readonly restores: readonly RestoreProgress[]
  /** How long micro-batches took from processed to committed. */
  readonly commits: LatencyCounts
  readonly rebalances: number
  /** Failed transactions after which it began anew from what was committed. */
  readonly retakes: number
  readonly activeTasks: number
  readonly standbyTasks: number
}

export interface InputLag {
  readonly topic: string
  readonly partition: number
  readonly position: number
  readonly lag: Lag
}

/** How far behind. Undefined where it is not known: nothing has been read yet, or the broker is away. */
export interface Lag {
  readonly records: number | undefined
  /** How long ago the newest record that was processed had happened, as long as others wait behind it; else 0. */
  readonly ms: number | undefined
}

export interface StoreSize {
  readonly task: string
  readonly store: string
  readonly role: Role
  readonly entries: number
}

/** A histogram: how many took up to each bound. Seconds. */
export interface LatencyCounts {
  readonly bounds: readonly number[]
  /** One for each bound, each counting its own bucket alone, and one for all that took longer. */
  readonly counts: readonly number[]
  readonly sum: number
}

export type Located =
  | { readonly outcome: 'located'; readonly tasks: readonly string[]; readonly global: boolean }
  /** No such store here. */
  | { readonly outcome: 'unknown' }
  | Refused

export interface StoreQuery {
  readonly store: string
  readonly task: string
  /** Who may answer. */
  readonly from: 'active' | 'standby'
  readonly ask: RowsAsked
}

/** Keys are texts, or JSON where keys are no text; times are ISO 8601 or milliseconds. */
export interface RowsAsked {
  /** Undefined: rows of all keys. */
  readonly key?: string | undefined
  /** The first and the last key; of windows and sessions the earliest and the latest time. */
  readonly first?: string | undefined
  readonly last?: string | undefined
  /** Versioned stores only. */
  readonly asOf?: string | undefined
  readonly limit: number
}

export type StoreAnswer =
  | Answered
  /** Another one has the task, in that role. */
  | { readonly outcome: 'elsewhere' }
  /** It will be here, and is not yet. */
  | { readonly outcome: 'restoring' }
  | Refused

export interface Answered {
  readonly outcome: 'answered'
  readonly rows: readonly AnsweredRow[]
  /** Whether there are more than the limit. */
  readonly more: boolean
  readonly served: Served
}

export interface AnsweredRow {
  /** As JSON has it, like `value`. */
  readonly key: unknown
  /** Milliseconds. */
  readonly window?: { readonly start: number; readonly end: number }
  readonly value: unknown
  /** Milliseconds; undefined where the store keeps none. */
  readonly timestamp: number | undefined
  /** Texts that compare as rows are ordered, whichever task they come from. */
  readonly order: string
}

/** How old an answer may be. */
export interface Served {
  readonly task: string
  readonly role: Role
  /** Of an owner behind its inputs, of a standby behind the changelogs. */
  readonly lag: Lag
  /** What the rows cover, by `topic/partition`: the offset behind. */
  readonly position: Readonly<Record<string, number>>
  /** False where a micro-batch took too long to wait for: its changes may be among the rows, and be taken back. */
  readonly committed: boolean
}

export interface Refused {
  readonly outcome: 'refused'
  /** What is wrong with what was asked, and the cure. Holds no values. */
  readonly message: string
}
