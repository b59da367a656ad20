import { structured } from '../contract/structured.ts'
import { type Duration, duration } from '../duration.ts'
import { MillraceError } from '../errors.ts'
import type { Context } from '../record.ts'
import type { StreamTableJoinNode } from '../topology/join-nodes.ts'
import { requireRows } from '../topology/old-rows.ts'
import { keyed, keyFormatOf } from '../topology/repartition-nodes.ts'
import type { StoreSpec } from '../topology/store.ts'
import { type Entered, type StepOptions, Stream, type Table } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'
import { isVersioned } from '../topology/versioned.ts'

export interface JoinTableOptions<V> extends StepOptions {
  /**
   * How long records wait, by the stream's own time, for rows that come late. They then get the row of their own time,
   * so that the table must keep its history. (Joined#withGracePeriod, KIP-923)
   */
  readonly grace?: Duration
  /** How records are kept while they wait. Default: any structured value. */
  readonly value?: Format<V>
}

/**
 * Joins each record with its key's row in the table, if there is one. Only records cause results; updates of the table
 * do not. Records without key or value are left out. Timestamp and headers are the record's.
 *
 * A table gives the row that arrived last, whatever its timestamp; one with `history` the row of the record's time:
 *
 * ```text
 * table   a: t1@10        t2@30                  t0@15, late
 * stream          a: s@20        s@20     s@35          s@20
 * result          s+t1           s+t2     s+t2          s+t0
 * with history    s+t1           s+t1     s+t2          s+t0
 * ```
 *
 * With `grace` a record is joined once the stream's time is `grace` past it; one that comes later than that, at once:
 *
 * ```text
 * grace: 10
 * table   a: t1@10              t2@18
 * stream          a: s@20              b: x@30            a: late@19
 * result                               s+t2, of time 20   late+t2, of time 19
 * ```
 *
 * Records that come with changed keys go through a repartition topic first. (KStream#join, KStreamKTableJoin)
 *
 * @throws MillraceError `CONFIG` for a table whose rows are not kept, and for a grace period and one without history.
 */
export function joinTable<K, V, Row, R>(
  name: string,
  table: Table<K, Row>,
  join: (value: Exclude<V, null>, row: Row, context: Context<NoInfer<K>>) => R,
  options: JoinTableOptions<NoInfer<V>> = {},
): (stream: Stream<K, V>) => Stream<K, R, Entered<K, V>> {
  return joining('inner', name, table, join, options)
}

/**
 * Joins as `joinTable` does, and where there is no row, with null; so are records without a key, at once. Those without
 * a value are left out. (KStream#leftJoin, KStreamKTableJoin)
 *
 * ```text
 * table               a: t1@10            a: null@30
 * stream  a: s@5              a: s@20                a: s@40
 * result  s+null              s+t1                   s+null
 * ```
 *
 * @throws MillraceError `CONFIG` for a table whose rows are not kept, and for a grace period and one without history.
 */
export function leftJoinTable<K, V, Row, R>(
  name: string,
  table: Table<K, Row>,
  join: (value: Exclude<V, null>, row: Row | null, context: Context<NoInfer<K>>) => R,
  options: JoinTableOptions<NoInfer<V>> = {},
): (stream: Stream<K, V>) => Stream<K, R, Entered<K, V>> {
  return joining('left', name, table, join, options)
}

function joining<K, V, R>(
  type: StreamTableJoinNode['type'],
  name: string,
  table: Table<K, unknown>,
  join: unknown,
  { grace, value, onError }: JoinTableOptions<V>,
): (stream: Stream<K, V>) => Stream<K, R, Entered<K, V>> {
  requireRows(name, table)
  if (grace !== undefined && !isVersioned(table.node)) throw withoutHistory(name, table.node.name)
  return (stream) => {
    const records = new Stream<K, V>(keyed(stream, name), stream.graph)
    const said = {
      kind: 'streamTableJoin',
      name,
      type,
      join: join as StreamTableJoinNode['join'],
      grace: grace === undefined ? undefined : duration(grace),
      buffer: grace === undefined ? undefined : buffer(name, records, value as Format<unknown> | undefined),
    } as const
    return new Stream(records.add(said, { onError }, [table.node]), stream.graph)
  }
}

function buffer(
  name: string,
  { node }: Stream<unknown, unknown>,
  value: Format<unknown> | undefined,
): StoreSpec {
  return Object.freeze({
    kind: 'key-value',
    name: `${name}-buffer`,
    timestamped: false,
    key: keyFormatOf(node),
    value: (value ?? structured()) as Format<unknown>,
  })
}

function withoutHistory(step: string, table: string): MillraceError {
  const message = `step "${step}" has a grace period, but table "${table}" keeps its newest rows only`
  return new MillraceError('CONFIG', `${message}: give it { history }, or leave out { grace }`, { step })
}
