import type { Broker } from '../broker/broker.ts'
import type { Logger } from '../log.ts'
import type { LookupConnector, SchemaRegistry, SinkConnector } from '../ports.ts'

/** The servers a topology runs against. `lib` knows them by their ports only; the command line puts them together. */
export interface Environment {
  readonly broker: Broker
  /** Needed when a topic's records have an Avro contract. */
  readonly registry?: SchemaRegistry | undefined
  readonly sinks: Readonly<Record<string, SinkConnector>>
  readonly lookups: Readonly<Record<string, LookupConnector>>
  readonly log: Logger
}
