import type { Context } from '../record.ts'
import type { Windows } from '../windows/windows.ts'
import type { Step } from './nodes.ts'
import type { KeyValueSpec, SessionSpec, StoreSpec, WindowSpec } from './store.ts'
import type { Format } from './topic.ts'

/** Steps that change or need the key. */
export type KeyedNode =
  | KeyByNode
  | RepartitionNode
  | WindowNode
  | AggregateNode
  | DedupeNode
  | BatchNode
  | ProcessNode
  | DropsNode

export interface KeyByNode extends Step {
  readonly kind: 'keyBy'
  readonly by: (value: never, context: Context) => unknown
  readonly key: Format<unknown>
}

/** The end of one sub-topology and the beginning of the next: a topic `<application>-<name>-repartition`. */
export interface RepartitionNode extends Step {
  readonly kind: 'repartition'
  readonly key: Format<unknown>
  readonly value: Format<unknown>
  /** Default: as many as the widest source of the upstream sub-topology. */
  readonly partitions: number | undefined
  /**
   * What goes through it: a stream's records, a regrouped table's changes, the two halves of a foreign-key join, or what
   * a table is to be written from.
   */
  readonly carries: 'records' | 'changes' | 'subscriptions' | 'responses' | 'rows'
}

export interface WindowNode extends Step {
  readonly kind: 'window'
  readonly windows: Windows
  /** Whether the aggregations behind it show every update, or each window once, when it closes. */
  readonly emit: 'updates' | 'close'
  /** How long a window store keeps its windows. Milliseconds; at least size and grace. */
  readonly retention: number | undefined
  /** With `close`: how long the input must be idle until windows are shown early. Milliseconds; undefined: they are not. */
  readonly idleness: number | undefined
}

/** Returns the new aggregate; null deletes it. */
export type Adder = (aggregate: never, value: never, context: Context) => unknown

export interface AggregateNode extends Step {
  readonly kind: 'aggregate'
  /** As it was said. */
  readonly verb: 'count' | 'reduce' | 'aggregate' | 'cogroup'
  readonly init: () => unknown
  /** One per parent. */
  readonly adders: readonly Adder[]
  /** Sessions only: what two sessions become that a record joins into one, the earlier first. */
  readonly merge: ((earlier: never, later: never, key: unknown) => unknown) | undefined
  /** Undefined where there are no windows. */
  readonly window: WindowNode | undefined
  readonly store: KeyValueSpec | WindowSpec | SessionSpec
  /** What has been shown of windows that have not closed; undefined where none is shown early. */
  readonly early: WindowSpec | SessionSpec | undefined
  /** Results of other times are computed, and not handed on: those of a replay at its edges. */
  readonly shown?: TimeRange
}

/** `[from, to)`, milliseconds since 1970. */
export interface TimeRange {
  readonly from: number
  readonly to: number
}

export interface DedupeNode extends Step {
  readonly kind: 'dedupe'
  /** Milliseconds before and after a record within which another one of its key is a duplicate. */
  readonly within: number
  /** Whether a duplicate is remembered too, so that a steady stream of them stays one. */
  readonly extend: boolean
  readonly store: WindowSpec
}

/** A batch is handed on when any of the limits is reached; one that was not said is Infinity. */
export interface BatchNode extends Step {
  readonly kind: 'batch'
  /** Whose records come together. */
  readonly per: 'partition' | 'key'
  readonly records: number
  readonly bytes: number
  /** Milliseconds by the wall clock since the batch's first record. */
  readonly every: number
  /** What has been collected: not a table, but state that must survive as one does. */
  readonly store: KeyValueSpec
}

export interface ProcessNode extends Step {
  readonly kind: 'process'
  readonly stores: Readonly<Record<string, StoreSpec>>
  /** Tables whose rows it may read, by name. They are parents 1, 2 …, and nothing flows in from there. */
  readonly tables: readonly string[]
  /** Whether records leave it with other keys than they came with. */
  readonly keys: 'changed' | 'kept'
  /** How changed keys are written; undefined: as they are on the way in. */
  readonly key: Format<unknown> | undefined
  /** Called once per task; typed by `process`. */
  readonly setup: (processor: never, forward: never) => (value: never, context: Context) => void
}

/** What the parent dropped: late records, null keys. */
export interface DropsNode extends Step {
  readonly kind: 'drops'
}
