import type { Duration } from '../duration.ts'
import type { Context, Headers } from '../record.ts'
import type { ProcessNode } from '../topology/keyed-nodes.ts'
import { requireRows } from '../topology/old-rows.ts'
import { keyed } from '../topology/repartition-nodes.ts'
import type { StoreSpec } from '../topology/store.ts'
import { type Operator, type StepOptions, Stream, type Table } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'
import type { ProcessorStore } from './processor-stores.ts'
import type { TableView } from './table-view.ts'

/** Nothing was said. */
export type None = Readonly<Record<never, never>>

export interface ProcessOptions<S, T> extends StepOptions {
  /** Stores it reads and writes, by the names it knows them by. Each has the records of one partition's keys. */
  readonly stores?: S
  /** Tables it reads, by the names it knows them by. */
  readonly tables?: T
}

/** Which keys it hands on. */
export type ProcessKeys<K2> =
  | {
      /** How the keys are written that it gives. Default: as the stream's keys are, which they then must fit. */
      readonly key?: Format<K2>
      readonly keys?: never
    }
  | {
      readonly key?: never
      /** A promise: every record forwarded has the key of the one in hand, or one of its stores' keys. No repartition topic follows. */
      readonly keys: 'kept'
    }

/** What a processor is given, once per task. (ProcessorContext) */
export interface Processor<S = None, T = None> {
  /** Open, by the names in `stores`. */
  readonly stores: { readonly [Name in keyof S]: ProcessorStore<S[Name]> }
  /** To be read only, by the names in `tables`. */
  readonly tables: { readonly [Name in keyof T]: TableView<T[Name]> }
  /**
   * Calls back every `interval`. By stream time: after the first record, whatever its time, then after the record that
   * brings time to the next multiple of the interval; at most once per record, however far time has jumped. By the wall
   * clock: after each interval from now. `time` is that of the call in milliseconds. Returns `cancel`. (Punctuator)
   */
  schedule(
    clock: 'stream-time' | 'wall-clock',
    interval: Duration,
    call: (time: number, cancel: () => void) => void,
  ): () => void
  /** The largest timestamp the task has read; -1 before the first record. Milliseconds. */
  streamTime(): number
  /** Milliseconds since 1970. */
  wallClock(): number
}

/**
 * Hands on a record. What is left out stays as in the record in hand; in a scheduled call, where there is none, the
 * value is required, and key and headers are none and the timestamp is the call's unless given. Annotate it with the
 * type of the values it takes, and with that of the keys if they are not text.
 */
export type Forward<V, K = string> = (record: Forwarded<V, K>) => void

export interface Forwarded<V, K> {
  readonly key?: K | null
  readonly value?: V
  /** Milliseconds since 1970. */
  readonly timestamp?: number
  readonly headers?: Headers
}

/**
 * Whatever the other verbs can't do, record by record, with stores, tables and schedules. `setup` runs once per task and
 * returns what is called with each record. Unless `forward` is annotated, it takes what the stream has.
 *
 * With stores or tables it gets all records of a key in one task: behind a changed key, through a repartition topic. A
 * record on which it throws is refused as `onError` says; what it stored and forwarded before stays so. A scheduled call
 * has no record to refuse: it stops the worker when it throws, or is counted with `onError: 'skip'`.
 * (KStream#process, KStream#processValues, Processor)
 *
 * @throws MillraceError `CONFIG` for a table whose rows are not kept.
 *
 * ```ts
 * process('changes', { stores: { last: keyValueStore<number>('last') } }, ({ stores: { last } }, forward: Forward<Change>) =>
 *   (value, { key }) => {
 *     forward({ value: { from: last.get(key), to: value } })
 *     last.put(key, value)
 *   })
 * ```
 */
export function process<
  K,
  V,
  V2 = V,
  K2 = K,
  S extends Readonly<Record<string, StoreSpec>> = None,
  T extends Readonly<Record<string, Table<unknown, unknown>>> = None,
>(
  name: string,
  options: ProcessOptions<S, T> & ProcessKeys<K2>,
  setup: (
    processor: Processor<S, T>,
    forward: Forward<V2, NoInfer<K2>>,
  ) => (value: V, context: Context<NoInfer<K>>) => void,
): Operator<K, V, K2, V2> {
  const { stores = {}, tables = {}, key, keys = 'changed', onError = 'dead-letter' } = options
  const needsKeys = Object.keys(stores).length > 0 || Object.keys(tables).length > 0
  for (const table of Object.values<Table<unknown, unknown>>(tables)) requireRows(name, table)
  return (stream) => {
    const parent = needsKeys ? keyed(stream, name) : stream.node
    const node: ProcessNode = Object.freeze({
      kind: 'process',
      name,
      onError,
      stores: Object.freeze({ ...stores }),
      tables: Object.freeze(Object.keys(tables)),
      keys,
      key: key as Format<unknown> | undefined,
      setup: setup as ProcessNode['setup'],
      parents: Object.freeze([
        parent,
        ...Object.values<Table<unknown, unknown>>(tables).map((table) => table.node),
      ]),
    })
    return new Stream<K2, V2>(stream.graph.add(node), stream.graph)
  }
}
