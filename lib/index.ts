/** The only door. Everything a topology file, a connector or a program that embeds millrace needs. */

export { partitionFor } from './broker/partitioner.ts'
export { type Contract, contract, contractFile } from './contract/avro.ts'
export { project } from './contract/project.ts'
export { sensitiveFields } from './contract/sensitive-fields.ts'
export { bytesKey, json, type Serde, stringKey } from './contract/serde.ts'
export { type Coordinates, type ErrorCode, MillraceError } from './errors.ts'
export type { Logger } from './log.ts'
export { branch } from './operators/branch.ts'
export { type EnrichOptions, enrich, type LookupOptions, lookup } from './operators/enrich.ts'
export { filter } from './operators/filter.ts'
export { flatMap } from './operators/flat-map.ts'
export { map } from './operators/map.ts'
export { merge } from './operators/merge.ts'
export { peek } from './operators/peek.ts'
export { type RxOptions, rx } from './operators/rx.ts'
export { sink } from './operators/sink.ts'
export { validate } from './operators/validate.ts'
export type {
  Broker,
  Lookup,
  LookupConnector,
  LookupTarget,
  Resource,
  SchemaRegistry,
  Sink,
  SinkConnector,
  SinkTarget,
} from './ports.ts'
export type { Context, Headers, Position, RawRecord } from './record.ts'
export type { Environment } from './runtime/environment.ts'
export { startWorker, type Worker, type WorkerOptions } from './runtime/worker.ts'
export { type Builder, type TopologyOptions, topology } from './topology/builder.ts'
export {
  type Description,
  describe,
  description,
  mermaid,
  type StepDescription,
} from './topology/describe.ts'
export type { RxRecord, Topology } from './topology/nodes.ts'
export type { Operator, StepOptions, Stream, Sunk, Terminal } from './topology/stream.ts'
export { type TopicOptions, type TopicTarget, topic } from './topology/topic.ts'
