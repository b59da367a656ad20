import type { Observable } from 'rxjs'
import type { Lookup, LookupTarget, SinkTarget } from '../ports.ts'
import type { Context } from '../record.ts'
import type { JoinNode } from './join-nodes.ts'
import type { DropsNode, KeyedNode } from './keyed-nodes.ts'
import type { GlobalTableNode, TableNode, TableSourceNode } from './table-nodes.ts'
import type { TopicTarget } from './topic.ts'

/**
 * What a step does with a record that its callback throws on:
 * `dead-letter` (default) routes it with the reason, `skip` only counts it, `fail` stops the worker.
 */
export type LastResort = 'dead-letter' | 'skip' | 'fail'

/** Further attempts before that, and the waits between them, in milliseconds. */
export interface RetryPolicy {
  readonly retry: number
  readonly backoff: number
  readonly maxBackoff: number
  readonly otherwise: LastResort
}

export type ErrorPolicy = LastResort | RetryPolicy

/** Nodes are plain frozen data: what was said, not how it is done. Types are erased here; `Stream` carries them. */
export interface Step {
  readonly name: string
  readonly onError: ErrorPolicy
  /** What flows in, by entrance: one, but for `merge`, joins and the like. */
  readonly parents: readonly Node[]
}

/** What a step does with a record whose time is negative or not a number. */
export type InvalidTimestamps = 'fail' | 'dead-letter' | 'partition-time'

/** When a record happened, in milliseconds since 1970; `partitionTime` is the largest seen so far, or -1. */
export type TimestampExtractor = (value: never, context: Context, partitionTime: number) => number

export interface SourceNode {
  readonly kind: 'source'
  readonly name: string
  readonly topic: TopicTarget<unknown, unknown>
  readonly startAt: 'earliest' | 'latest' | 'error'
  /** Records dated further ahead of the wall clock than this are dead letters. Milliseconds. */
  readonly futureTolerance: number
  /** Whether a record without a value goes on with null, or is a dead letter. */
  readonly nullValues: 'pass' | 'dead-letter'
  readonly timestamp?: TimestampExtractor
  /** Most records a second, of each worker. */
  readonly rate?: number
  readonly invalidTimestamps: InvalidTimestamps
  /** Default `dead-letter`. */
  readonly onError?: LastResort
}

export interface MapNode extends Step {
  readonly kind: 'map'
  readonly project: (value: never, context: Context) => unknown
}

export interface FlatMapNode extends Step {
  readonly kind: 'flatMap'
  readonly project: (value: never, context: Context) => Iterable<unknown>
}

export interface PeekNode extends Step {
  readonly kind: 'peek'
  readonly look: (value: never, context: Context) => void
}

/** Followed by one route per predicate; a record takes the first that holds. */
export interface BranchNode extends Step {
  readonly kind: 'branch'
  readonly predicates: ReadonlyArray<(value: never, context: Context) => boolean>
}

export interface RouteNode extends Step {
  readonly kind: 'route'
  /** Which of the branch's predicates leads here. */
  readonly index: number
}

export interface MergeNode extends Step {
  readonly kind: 'merge'
}

export interface RxNode extends Step {
  readonly kind: 'rx'
  readonly operate: (records: Observable<never>) => Observable<RxRecord>
  /** How long the operators may take for one micro-batch. Milliseconds. */
  readonly timeout: number
}

/** What RxJS operators inside `rx` see: a record's value beside its key, timestamp, headers and origin. */
export interface RxRecord<K = unknown, V = unknown> extends Context<K> {
  readonly value: V
}

export interface FilterNode extends Step {
  readonly kind: 'filter'
  readonly predicate: (value: never, context: Context) => boolean
}

export interface ValidateNode extends Step {
  readonly kind: 'validate'
  readonly check: (value: never, context: Context) => string | undefined
}

export interface EnrichNode extends Step {
  readonly kind: 'enrich'
  readonly enrichment: Enrichment
  readonly concurrency: number
  readonly order: 'key' | 'partition' | 'none'
  /** Milliseconds for one attempt. */
  readonly timeout: number
  /** Further attempts after the first for a failing call; unreachable servers are waited for without limit. */
  readonly retry: number
}

export type Enrichment =
  | {
      readonly how: 'call'
      readonly call: (value: never, context: Context, signal: AbortSignal) => Promise<unknown>
    }
  | {
      readonly how: 'lookup'
      readonly target: LookupTarget
      /** Instead of a connector's. */
      readonly load: Lookup['load'] | undefined
      readonly by: (value: never, context: Context) => string | null | undefined
      readonly merge: (value: never, row: never, context: Context) => unknown
      /** How long a row, or its absence, is believed. Milliseconds. */
      readonly cacheFor: number
      readonly cacheSize: number
    }

export interface SinkNode extends Step {
  readonly kind: 'sink'
  readonly target: TopicTarget<unknown, unknown> | SinkTarget
  /** Most records or rows a second, of each worker. */
  readonly rate?: number
}

export type StepNode =
  | MapNode
  | FlatMapNode
  | FilterNode
  | PeekNode
  | ValidateNode
  | BranchNode
  | RouteNode
  | MergeNode
  | RxNode
  | EnrichNode
  | SinkNode
  | KeyedNode
  | TableNode
  | JoinNode
/** Nodes that read a topic of the outside. */
export type InputNode = SourceNode | TableSourceNode
export type Node = InputNode | GlobalTableNode | StepNode

/**
 * What a crash may do to results: `at-least-once` (default) may repeat what goes to topics, `exactly-once` shows each
 * result once. (`processing.guarantee` of Kafka Streams)
 */
export type Guarantee = 'at-least-once' | 'exactly-once'

export interface Topology {
  /** Also the default application id: consumer group, write-clock generation, `<name>.dlq`. */
  readonly name: string
  /** In the order they were said; a node comes after its parents. */
  readonly nodes: readonly Node[]
  readonly deadLetters: { readonly topic: string; readonly partitions: number }
  /** What it is said to run with, and is laid out for: see `withGuarantee`. */
  readonly guarantee: Guarantee
}

export function isTopic(target: SinkNode['target']): target is TopicTarget<unknown, unknown> {
  return target.connector === 'broker'
}

export function parentsOf(node: Node): readonly Node[] {
  return 'parents' in node ? node.parents : []
}

export function childrenOf(topology: Topology, node: Node): StepNode[] {
  return topology.nodes.filter((other): other is StepNode => parentsOf(other).includes(node))
}

export function isDrops(node: Node): node is DropsNode {
  return node.kind === 'drops'
}

/** Tables hand on changes; all else hands on records. */
export function emitsChanges(node: Node): boolean {
  switch (node.kind) {
    case 'table':
    case 'toTable':
    case 'aggregate':
    case 'suppress':
    case 'tableFilter':
    case 'tableMap':
    case 'tableJoin':
    case 'groupAggregate':
    case 'foreignKeyResolve':
      return true
    case 'repartition':
      return node.carries === 'changes'
    default:
      return false
  }
}

/** Which entrances of a step take changes as they are; a stream's step behind a table sees its new rows as records. */
export function takesChanges(node: StepNode, entrance: number): boolean {
  switch (node.kind) {
    case 'suppress':
    case 'tableFilter':
    case 'tableMap':
    case 'tableJoin':
    case 'groupBy':
    case 'groupAggregate':
    case 'foreignKeySubscribe':
      return true
    case 'foreignKeyRespond':
    case 'streamTableJoin':
      return entrance === 1
    default:
      return false
  }
}
