import type { Context } from '../record.ts'
import type { JoinWindows } from '../windows/join-windows.ts'
import type { TimeRange } from './keyed-nodes.ts'
import type { Step } from './nodes.ts'
import type { KeyValueSpec, StoreSpec, WindowSpec } from './store.ts'
import type { GlobalTableNode } from './table-nodes.ts'
import type { Format } from './topic.ts'

export type JoinNode =
  | StreamJoinNode
  | StreamTableJoinNode
  | StreamGlobalJoinNode
  | TableJoinNode
  | ForeignKeySubscribeNode
  | ForeignKeyRespondNode
  | ForeignKeyResolveNode

export type JoinType = 'inner' | 'left' | 'outer'

/** A missing side is null. */
export type Joiner = (left: never, right: never, context: Context) => unknown

/** Parents: left, right; the same one twice for a self join. Its stores keep every record, duplicates too. */
export interface StreamJoinNode extends Step {
  readonly kind: 'streamJoin'
  readonly type: JoinType
  readonly windows: JoinWindows
  readonly join: Joiner
  readonly left: WindowSpec
  readonly right: WindowSpec
  /** What has not been matched yet; of left and outer joins. */
  readonly unmatched: KeyValueSpec | undefined
  /** A self join whose left and right store are one. */
  readonly singleStore: boolean
  /** Results of other times are computed, and not handed on: those of a replay at its edges. */
  readonly shown?: TimeRange
}

/** Parents: stream, table. */
export interface StreamTableJoinNode extends Step {
  readonly kind: 'streamTableJoin'
  readonly type: 'inner' | 'left'
  readonly join: Joiner
  /** With a versioned table: how long records wait for late rows, by the stream's time. Milliseconds. */
  readonly grace: number | undefined
  /** What waits. */
  readonly buffer: StoreSpec | undefined
}

/** Parent: the stream. */
export interface StreamGlobalJoinNode extends Step {
  readonly kind: 'streamGlobalJoin'
  readonly type: 'inner' | 'left'
  readonly global: GlobalTableNode
  readonly by: (value: never, context: Context) => unknown
  readonly join: Joiner
}

/** Parents: left table, right table. */
export interface TableJoinNode extends Step {
  readonly kind: 'tableJoin'
  readonly type: JoinType
  readonly join: (left: never, right: never, key: unknown) => unknown
  readonly store: KeyValueSpec | undefined
}

/** Parent: the left table. Tells the right one, by foreign key, who wants its rows. (KIP-213) */
export interface ForeignKeySubscribeNode extends Step {
  readonly kind: 'foreignKeySubscribe'
  readonly type: 'inner' | 'left'
  readonly foreignKey: (row: never, key: unknown) => unknown
  /** How foreign keys are written: as the right table's keys are. */
  readonly foreign: Format<unknown>
}

/** Parents: subscriptions (behind their repartition topic), the right table. Answers each left key. */
export interface ForeignKeyRespondNode extends Step {
  readonly kind: 'foreignKeyRespond'
  readonly type: 'inner' | 'left'
  /** How the left table's keys are written. */
  readonly left: Format<unknown>
  readonly subscriptions: KeyValueSpec
}

/** Parents: responses (behind their repartition topic), the left table. Joins what still fits the left row. */
export interface ForeignKeyResolveNode extends Step {
  readonly kind: 'foreignKeyResolve'
  readonly type: 'inner' | 'left'
  readonly join: (left: never, right: never, key: unknown) => unknown
  readonly foreignKey: (row: never, key: unknown) => unknown
  /** The left keys that have a result; undefined where `store` tells them, or nobody asks. */
  readonly matched: KeyValueSpec | undefined
  readonly store: KeyValueSpec | undefined
}
