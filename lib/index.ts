/** The only door. Everything a topology file, a connector or a program that embeds millrace needs. */

export type { Broker } from './broker/broker.ts'
export { partitionFor } from './broker/partitioner.ts'
export { type Contract, contract, contractFile } from './contract/avro.ts'
export { project } from './contract/project.ts'
export { sensitiveFields } from './contract/sensitive-fields.ts'
export { bytesKey, json, type Serde, stringKey } from './contract/serde.ts'
export { structured } from './contract/structured.ts'
export { windowedKey } from './contract/windowed-key.ts'
export type { Duration } from './duration.ts'
export { type Coordinates, type ErrorCode, MillraceError } from './errors.ts'
export type { Logger } from './log.ts'
export { type AggregateOptions, aggregate } from './operators/aggregate.ts'
export { type BatchLimits, type BatchOptions, batch } from './operators/batch.ts'
export { branch } from './operators/branch.ts'
export { and, type Cogrouped, type CogroupOptions, cogroup } from './operators/cogroup.ts'
export { count } from './operators/count.ts'
export { type DedupeOptions, dedupe } from './operators/dedupe.ts'
export { type Dropped, type DropsOf, drops } from './operators/drops.ts'
export { type EnrichOptions, enrich, type LookupOptions, lookup } from './operators/enrich.ts'
export { filter } from './operators/filter.ts'
export { flatMap } from './operators/flat-map.ts'
export { foreignKeyJoin } from './operators/foreign-key-join.ts'
export type { ForeignKeyJoinOptions } from './operators/foreign-key-join-node.ts'
export { foreignKeyLeftJoin } from './operators/foreign-key-left-join.ts'
export { type GroupAggregateOptions, groupAggregate } from './operators/group-aggregate.ts'
export { type GroupByOptions, type GroupOf, groupBy } from './operators/group-by.ts'
export { groupCount } from './operators/group-count.ts'
export { groupReduce } from './operators/group-reduce.ts'
export { type JoinOptions, join } from './operators/join.ts'
export { joinGlobal } from './operators/join-global.ts'
export { joinTable } from './operators/join-table.ts'
export { type KeyByOptions, keyBy } from './operators/key-by.ts'
export { leftJoin } from './operators/left-join.ts'
export { leftJoinGlobal } from './operators/left-join-global.ts'
export { leftJoinTable } from './operators/left-join-table.ts'
export { map } from './operators/map.ts'
export type { MaterializeOptions } from './operators/materialize.ts'
export { merge } from './operators/merge.ts'
export { outerJoin } from './operators/outer-join.ts'
export { peek } from './operators/peek.ts'
export {
  type Forward,
  type Forwarded,
  type ProcessOptions,
  type Processor,
  process,
} from './operators/process.ts'
export type {
  Entry,
  KeyValueStore,
  SessionStore,
  TimedValue,
  VersionedStore,
  WindowStore,
} from './operators/processor-stores.ts'
export { type ReduceOptions, reduce } from './operators/reduce.ts'
export { type RepartitionOptions, repartition } from './operators/repartition.ts'
export { type RxOptions, rx } from './operators/rx.ts'
export { type SinkOptions, sink } from './operators/sink.ts'
export type { StreamJoinOptions } from './operators/stream-join-node.ts'
export type { JoinTableOptions } from './operators/stream-table-join-node.ts'
export { suppress } from './operators/suppress.ts'
export {
  type SuppressLimits,
  type SuppressTimeLimits,
  untilTimeLimit,
  untilWindowCloses,
} from './operators/suppress-until.ts'
export { tableFilter } from './operators/table-filter.ts'
export { tableJoin } from './operators/table-join.ts'
export { tableLeftJoin } from './operators/table-left-join.ts'
export { tableMap } from './operators/table-map.ts'
export { tableOuterJoin } from './operators/table-outer-join.ts'
export type { Rows } from './operators/table-view.ts'
export { toStream } from './operators/to-stream.ts'
export { type ToTableOptions, toTable } from './operators/to-table.ts'
export { validate } from './operators/validate.ts'
export { type WindowOptions, window } from './operators/window.ts'
export type {
  Lookup,
  LookupConnector,
  LookupTarget,
  Resource,
  SchemaRegistry,
  Sink,
  SinkConnector,
  SinkTarget,
} from './ports.ts'
export type { Rate } from './rate.ts'
export type { Context, Headers, Position, RawRecord } from './record.ts'
export type { Environment } from './runtime/environment.ts'
export type {
  DropEvent,
  ErrorEvent,
  LateEvent,
  ProgressEvent,
  WorkerEvents,
} from './runtime/events.ts'
export { startWorker } from './runtime/worker.ts'
export type { Worker, WorkerOptions } from './runtime/worker-options.ts'
export type { Row, StoredRow } from './state/row.ts'
export {
  type Builder,
  type InputOptions,
  type SourceOptions,
  type TableOptions,
  type TopologyOptions,
  topology,
} from './topology/builder.ts'
export {
  type Description,
  describe,
  description,
  mermaid,
  type StepDescription,
} from './topology/describe.ts'
export type { Retry } from './topology/error-policy.ts'
export type { LastResort, RxRecord, Topology } from './topology/nodes.ts'
export {
  keyValueStore,
  type StoreSpec,
  sessionStore,
  versionedStore,
  windowStore,
} from './topology/store.ts'
export type {
  Entered,
  GlobalTable,
  GroupedTable,
  Operator,
  RetryOptions,
  StepOptions,
  Stream,
  Sunk,
  Table,
  Terminal,
  WindowedStream,
} from './topology/stream.ts'
export { type TopicOptions, type TopicTarget, topic } from './topology/topic.ts'
export { type Close, type CloseReason, closeOf } from './windows/close.ts'
export { hopping } from './windows/hopping.ts'
export { type JoinWindowOptions, type JoinWindows, within } from './windows/join-windows.ts'
export { type SessionWindows, session } from './windows/session.ts'
export { type SlidingWindows, sliding } from './windows/sliding.ts'
export type { TimeWindows } from './windows/time-windows.ts'
export { tumbling } from './windows/tumbling.ts'
export type { Windowed } from './windows/windowed.ts'
export type { Windows } from './windows/windows.ts'
