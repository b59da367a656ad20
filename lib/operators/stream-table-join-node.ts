import { structured } from '../contract/structured.ts'
import { type Duration, duration } from '../duration.ts'
import { MillraceError } from '../errors.ts'
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

/** Behind a repartition topic `<name>-repartition` where keys have changed. */
export function joinedWithTable<K, V, R>(
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
