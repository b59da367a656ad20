import type { Windowed } from '../windows/windowed.ts'
import { errorPolicy, type Retry } from './error-policy.ts'
import { Flow } from './flow.ts'
import type { LastResort, Node, StepNode } from './nodes.ts'
import type { GlobalTableNode } from './table-nodes.ts'

/** From stream to stream; carries its node. What RxJS calls an operator function. */
export type Operator<K, V, K2, V2> = (stream: Stream<K, V>) => Stream<K2, V2>

/** The end of a branch: nothing follows a sink. A table's updates are written as records, deletions as null. */
export type Terminal<K, V> = (stream: Stream<K, V> | Table<K, V>) => Sunk

export interface Sunk {
  readonly node: Node
}

/** Step options that every operator takes. */
export interface StepOptions {
  /**
   * What becomes of a record that the step can't take: `dead-letter` (default) routes it with the reason, `skip` only
   * counts it, `fail` stops the worker.
   */
  readonly onError?: LastResort | undefined
}

/**
 * Of steps whose result is of one record alone (map, flatMap, filter, peek, validate, branch, keyBy), of enrich, and of
 * sinks that are tables. A record that is tried again waits without keeping anything else from happening, and the later
 * ones of its partition wait behind it in this step: results leave in the order of the input. What a step itself
 * rejects (a reason of `validate`, a value that does not fit) is not tried again. Attempts are counted as `retried`.
 */
export interface RetryOptions {
  readonly onError?: LastResort | Retry | undefined
}

/** Where nodes are collected while a topology function runs. */
export interface Graph {
  add<N extends Node>(node: N): N
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
export type Said = DistributiveOmit<StepNode, 'parents' | 'onError'>

/** A place in the graph that steps are appended to. Saying only: it holds a node and runs nothing. */
export abstract class Place<In = unknown> extends Flow {
  readonly node: Node
  readonly graph: Graph
  /** Phantom: the records that go into the last step, for those that ask what it dropped. */
  declare readonly in: In

  constructor(node: Node, graph: Graph) {
    super()
    this.node = node
    this.graph = graph
  }

  /** Adds one node behind this one and, for joins and the like, behind others. */
  add(said: Said, options: RetryOptions = {}, others: readonly Node[] = []): StepNode {
    const parents = Object.freeze([this.node, ...others])
    const node = { ...said, onError: errorPolicy(said.name, options.onError), parents } as StepNode
    return this.graph.add(Object.freeze(node))
  }
}

/** What an aggregation takes: a stream, or a windowed one, whose results have keys `KOut`. */
export abstract class Grouped<K, V, KOut, In = unknown> extends Place<In> {
  /** Phantom: makes those of other types incompatible. */
  declare readonly type: [K, V, KOut]
}

/** What goes into a step: records with keys `K` and values `V`. */
export type Entered<K, V> = readonly [key: K, value: V]

/** A stream of records with keys `K` and values `V`; `In` says what its last step takes, if that drops any. (KStream) */
export class Stream<K, V, In = unknown> extends Grouped<K, V, K, In> {
  /** Appends one node behind this stream (and, for `merge`, others). Operators are written with it. */
  append<K2, V2>(said: Said, options: RetryOptions = {}, others: readonly Node[] = []): Stream<K2, V2> {
    return new Stream<K2, V2>(this.add(said, options, others), this.graph)
  }
}

/** A stream whose records are divided into windows. (TimeWindowedKStream and its like) */
export class WindowedStream<K, V> extends Grouped<K, V, Windowed<K>> {
  declare readonly windowed: true
}

/** A table: the newest row of each key; `In` says what its last step takes, if that drops any. (KTable) */
export class Table<K, V, In = unknown> extends Place<In> {
  declare readonly row: [K, V]
}

/** A table whose rows have been given groups. (KGroupedTable) */
export class GroupedTable<K, V> extends Place {
  declare readonly grouped: [K, V]
}

/** A table of which every worker holds all rows. (GlobalKTable) */
export class GlobalTable<K, V> {
  readonly node: GlobalTableNode
  declare readonly row: [K, V]

  constructor(node: GlobalTableNode) {
    this.node = node
  }
}
