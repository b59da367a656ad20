/**
 * The ports: what millrace asks of the world; that of a broker is `broker/broker.ts`. `connectors/` implements them and
 * nothing else; their conformance suites are in `spec/conformance` and run against the real servers.
 */
import type { Headers, Position } from './record.ts'

// ---------------------------------------------------------------- sinks

/** One row for an external sink. */
export interface SinkRow {
  /** The step's output: plain fields by name. `null` for a deletion. */
  readonly value: Readonly<Record<string, unknown>> | null
  readonly key: unknown
  readonly timestamp: number
  readonly headers: Headers
  /** Lineage: where the record that led to this row came from. */
  readonly origin: Position
}

/** An open external sink (a table). Writes are idempotent by primary key and write clock. */
export interface Sink {
  /** Called at start and at every assignment, before anything is written: reads what can change beside the sink. */
  prepare(): Promise<void>
  /**
   * Resolves only when all rows are durable. Retries by itself with back-off while the server is away, until
   * `signal` aborts. Rejects with `WRITE` for rows the server will never take: `errors` has one for each of them, as
   * far as they could be told; the others may be written or not, and are to be written again without these.
   */
  write(rows: readonly SinkRow[], signal: AbortSignal): Promise<void>
  /**
   * Only of sinks that keep a task's position and epoch beside its rows. Makes this caller the one owner of the task's
   * writes: who has taken it before is `FENCED` from now on. Called after `prepare`; rejects with `UNREACHABLE` when
   * it is worth trying again.
   */
  take?(task: string): Promise<TakenSink>
  close(): Promise<void>
}

/** A sink in the hands of the owner of a task. */
export interface TakenSink {
  /** What the rows there cover: the position behind the last write. None before the first. */
  readonly positions: readonly Position[]
  /**
   * Writes rows and positions in one transaction: all, or nothing. Calls follow one another. A write whose outcome was
   * lost with the connection is looked up, and never done twice. Rejects as `Sink.write` does, with nothing written;
   * and with `FENCED` when another has taken the task, or a call before was given up: take it again to know how far
   * it is.
   */
  write(rows: readonly SinkRow[], positions: readonly Position[], signal: AbortSignal): Promise<void>
}

/** What a topology file says about an external sink: plain data, made by `cassandra(...)`, `postgres(...)`. */
export interface SinkTarget<V = never> {
  readonly connector: string
  readonly name: string
  /** Phantom: the value type that fits. Every target is a `SinkTarget<never>`. */
  readonly accepts?: ((value: V) => void) | undefined
}

/** Opens the sinks of one kind of server. */
export interface SinkConnector {
  open(target: SinkTarget, context: SinkContext): Promise<Sink>
  /** What `apply` has to create for this target, in order. */
  resources(target: SinkTarget, context: SinkContext): readonly Resource[]
  /** Empties a table: every row, whoever has written it. */
  clear?(target: SinkTarget): Promise<void>
  /** Removes a table; does nothing if there is none. Only ever called for a shadow's. */
  drop?(target: SinkTarget): Promise<void>
  /** For `verify --repair`: one table's rows by primary key. The context's application is the one that is live. */
  repair?(target: SinkTarget, context: SinkContext): Promise<RowRepair>
  /** Raises the generation of an application's write clock by one: what is written from now on wins over equal times. */
  raiseGeneration?(application: string): Promise<number>
  /** Forgets the positions kept for an application, and fences who writes with them: its input is to be read anew. */
  forget?(application: string): Promise<void>
  close(): Promise<void>
}

/** Mends single rows, at clocks that the caller states. */
export interface RowRepair {
  /** The generation that live writes carry. */
  readonly generation: number
  /** What is there now. A `key` is the primary key's values in their order. */
  readRow(key: readonly unknown[]): Promise<FoundRow>
  /**
   * Writes every column, absent ones as null, or deletes the row. Resolves when it is durable; what was written with a
   * larger clock stays as it is. Rejects with `WRITE` for a row that the server can't hold.
   */
  writeRow(key: readonly unknown[], value: StoredRow['value'] | null, clock: number): Promise<void>
}

export interface FoundRow {
  /** Null where there is no row. */
  readonly value: StoredRow['value'] | null
  /** The largest of its cells; of a deletion where the server keeps it. Null where nothing says it. */
  readonly clock: number | null
}

/** Reads tables back, past the sinks that write them: what `verify` compares. */
export interface TableReader {
  /**
   * Every row that is not deleted, in no order; with `clock` also when it was written. Rejects with `UNREACHABLE` when
   * the server is away.
   */
  readTable(target: SinkTarget, options?: { readonly clock?: boolean }): AsyncIterable<StoredRow>
}

export interface StoredRow {
  /** Values in the shape in which rows are written; null where there is none. */
  readonly value: Readonly<Record<string, unknown>>
  /** Its write clock; null where the server can't say or was not asked. */
  readonly clock: number | null
}

export interface SinkContext {
  /** Application id: whose positions are kept. */
  readonly application: string
  /** The application whose generation the write clock has; default: the same. A replay writes with that of the live one. */
  readonly clockOf?: string | undefined
  readonly step: string
}

// ---------------------------------------------------------------- look-ups

/** A keyed read of reference data. */
export interface Lookup<R = unknown> {
  /** Rows by key; a key without a row is absent. Rejects with `UNREACHABLE` when worth trying again. */
  load(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, R>>
}

/** What a topology file says about a look-up: plain data. */
export interface LookupTarget<R = unknown> {
  readonly connector: string
  readonly name: string
  readonly returns?: (() => R) | undefined
}

export interface LookupConnector {
  openLookup(target: LookupTarget): Lookup
  lookupResources(target: LookupTarget): readonly Resource[]
}

// ---------------------------------------------------------------- schemas

/** A schema registry. Ids are global; subjects are `<topic>-key`, `<topic>-value`. */
export interface SchemaRegistry {
  /** The writer schema, or undefined if the registry answers that no such id exists. `UNREACHABLE` otherwise. */
  schemaById(id: number): Promise<string | undefined>
  /** The id of exactly this schema under the subject, or undefined if it is not registered there. */
  idOf(subject: string, schema: string): Promise<number | undefined>
  /** Why the subject would refuse this schema, or undefined if it would take it (or does not exist). */
  incompatibility(subject: string, schema: string): Promise<string | undefined>
  /** Registers (idempotent) after setting the subject's compatibility. Rejects with `CONTRACT` if incompatible. */
  register(subject: string, schema: string): Promise<number>
}

// ---------------------------------------------------------------- provisioning

/** Something `millrace apply` creates and `run` needs: a topic, subject, table, publication, slot … */
export interface Resource {
  /** e.g. `topic`, `subject`, `keyspace`, `table`, `publication`, `slot`, `reference data`. */
  readonly kind: string
  readonly name: string
  /** A string says how what exists differs from what is stated, and makes `apply` and `run` refuse. */
  inspect(): Promise<'present' | 'missing' | { readonly differs: string }>
  /** Idempotent; safe beside another process doing the same. */
  create(): Promise<void>
}
