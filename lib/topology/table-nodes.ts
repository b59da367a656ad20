import type { InvalidTimestamps, LastResort, Step, TimestampExtractor } from './nodes.ts'
import type { KeyValueSpec, VersionedSpec } from './store.ts'
import type { Format, TopicTarget } from './topic.ts'

/** Steps on tables. What flows between them are changes: the row as it is now and, where known, as it was. */
export type TableNode =
  | TableFilterNode
  | TableMapNode
  | ToTableNode
  | ToStreamNode
  | SuppressNode
  | GroupByNode
  | GroupAggregateNode

/** A topic read as a table: each record is its key's new row. */
export interface TableSourceNode {
  readonly kind: 'table'
  readonly name: string
  readonly topic: TopicTarget<unknown, unknown>
  readonly startAt: 'earliest'
  readonly futureTolerance: number
  readonly timestamp?: TimestampExtractor
  readonly invalidTimestamps: InvalidTimestamps
  /** Default `dead-letter`. */
  readonly onError?: LastResort
  /** Most records a second, of each worker. */
  readonly rate?: number
  /** Undefined: every update only passes through, and nothing behind it can ask for a row. */
  readonly store: KeyValueSpec | VersionedSpec | undefined
}

/** A topic of which every worker holds all rows. */
export interface GlobalTableNode {
  readonly kind: 'globalTable'
  readonly name: string
  readonly topic: TopicTarget<unknown, unknown>
  readonly store: KeyValueSpec
}

export interface TableFilterNode extends Step {
  readonly kind: 'tableFilter'
  readonly predicate: (row: never, key: unknown) => boolean
  readonly store: KeyValueSpec | undefined
}

export interface TableMapNode extends Step {
  readonly kind: 'tableMap'
  readonly project: (row: never, key: unknown) => unknown
  readonly store: KeyValueSpec | undefined
}

export interface ToTableNode extends Step {
  readonly kind: 'toTable'
  readonly store: KeyValueSpec | VersionedSpec
}

/** The updates of a table as records; a deletion is a null. */
export interface ToStreamNode extends Step {
  readonly kind: 'toStream'
  /** `last`: those alone that no later one of the same micro-batch replaces. */
  readonly updates: 'all' | 'last'
}

export interface SuppressNode extends Step {
  readonly kind: 'suppress'
  readonly until: UntilWindowCloses | UntilTimeLimit
  /** How far time must be past an update's own, or past the end of its window, for it to be shown. Milliseconds. */
  readonly wait: number
  /** What waits: not a table, but state that must survive as one does. */
  readonly store: KeyValueSpec
}

/** How much may wait. */
export interface BufferLimits {
  readonly maxRecords: number
  readonly maxBytes: number
}

export interface UntilWindowCloses extends BufferLimits {
  readonly kind: 'close'
}

export interface UntilTimeLimit extends BufferLimits {
  readonly kind: 'limit'
  /** Milliseconds from the first update held back. */
  readonly limit: number
  readonly whenFull: 'emit-early' | 'fail'
}

/** From row to group: the first half of a regrouped table, before its repartition topic. */
export interface GroupByNode extends Step {
  readonly kind: 'groupBy'
  /** Null for a row that is in no group. */
  readonly group: (row: never, key: unknown) => readonly [key: unknown, value: unknown] | null
  /** How groups are written. */
  readonly key: Format<unknown>
}

/** Returns the new aggregate; null deletes it. */
export type RowAdder = (aggregate: never, value: never, key: unknown) => unknown

export interface GroupAggregateNode extends Step {
  readonly kind: 'groupAggregate'
  readonly verb: 'groupCount' | 'groupReduce' | 'groupAggregate'
  readonly init: () => unknown
  readonly add: RowAdder
  readonly subtract: RowAdder
  readonly store: KeyValueSpec
}

/** Which changes of a table's row there are; where the old row is not known, `old` is null. */
export interface Change<V = unknown> {
  readonly old: V | null
  readonly new: V | null
  /** False for a row of a versioned table that is older than its newest. */
  readonly latest: boolean
}
