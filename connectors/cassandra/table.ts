import { MillraceError } from '../../lib/errors.ts'
import type { SinkTarget } from '../../lib/ports.ts'

/** How a value of each CQL type looks in a row. */
export interface CqlValues {
  readonly text: string
  /** The 36-character form. */
  readonly uuid: string
  readonly int: number
  /** A safe integer. */
  readonly bigint: number
  readonly double: number
  readonly boolean: boolean
  /** Days since 1970-01-01, as Avro's `date`. */
  readonly date: number
  /** Milliseconds since 1970 UTC, as Avro's `timestamp-millis`. */
  readonly timestamp: number
}

export type CqlType = keyof CqlValues

export type Columns = Readonly<Record<string, CqlType>>

/** The rows that fit a table: every column is a field, null where it is absent; keys are never null. */
export type RowOf<C extends Columns, Key extends keyof C> = {
  readonly [Name in keyof C]: Name extends Key ? CqlValues[C[Name]] : CqlValues[C[Name]] | null | undefined
}

export interface PrimaryKey<Partition extends string = string, Clustering extends string = string> {
  readonly partition: readonly [Partition, ...Partition[]]
  readonly clustering?: readonly Clustering[] | undefined
}

export interface Index<Column extends string = string> {
  readonly column: Column
  /** Storage-attached index (Cassandra 5). */
  readonly using: 'sai'
}

export interface TableOptions<C extends Columns, Partition extends string, Clustering extends string> {
  readonly columns: C
  readonly primaryKey: PrimaryKey<Partition, Clustering>
  readonly indexes?: readonly Index<keyof C & string>[] | undefined
  /**
   * What a field that is null or undefined writes. `null` (default) clears the column, so that no older value
   * shows through. `unset` leaves no tombstone: only for keys that are written once.
   */
  readonly absent?: 'null' | 'unset' | undefined
}

/** A Cassandra table as a sink. Plain data. */
export interface CassandraTarget<Row = never> extends SinkTarget<Row> {
  readonly connector: 'cassandra'
  readonly columns: Columns
  readonly primaryKey: PrimaryKey
  readonly indexes: readonly Index[]
  readonly absent: 'null' | 'unset'
}

/**
 * A table to write to: a stream fits if it has every column as a field of the right type. Fields that are no
 * column are not written.
 *
 * ```ts
 * cassandra('users_by_country', {
 *   columns: { country_code: 'text', user_id: 'uuid', full_name: 'text', registered_at: 'timestamp' },
 *   primaryKey: { partition: ['country_code'], clustering: ['user_id'] },
 * })
 * ```
 *
 * Each row is written with the clock "record time in ms × 1000 + generation", which decides between writes of one
 * key whatever their order. A null value deletes the row; its record's key must then hold the primary key: as an
 * object with those fields, or as the value itself if the primary key is one column.
 *
 * @throws {MillraceError} `CONFIG` for a name that is no plain identifier, or a key or index that is no column.
 */
export function cassandra<
  const C extends Columns,
  Partition extends keyof C & string,
  Clustering extends keyof C & string = never,
>(
  table: string,
  options: TableOptions<C, Partition, Clustering>,
): CassandraTarget<RowOf<C, Partition | Clustering>> {
  const { columns, primaryKey, indexes = [], absent = 'null' } = options
  requireIdentifier(table, 'table')
  for (const column of Object.keys(columns)) requireIdentifier(column, `column of table ${table}`)
  requireColumns(table, columns, primaryKey, indexes)
  return Object.freeze({ connector: 'cassandra', name: table, columns, primaryKey, indexes, absent })
}

/** The primary key's columns in order. */
export function keyColumns({ primaryKey }: CassandraTarget): readonly string[] {
  return [...primaryKey.partition, ...(primaryKey.clustering ?? [])]
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,47}$/

/** Names can't be bound as parameters, so only plain ones are let through. */
export function requireIdentifier(name: string, what: string): void {
  if (IDENTIFIER.test(name)) return
  throw new MillraceError(
    'CONFIG',
    `"${name}" can't name a Cassandra ${what}: use letters, digits and _, not starting with a digit, at most 48`,
  )
}

function requireColumns(
  table: string,
  columns: Columns,
  primaryKey: PrimaryKey,
  indexes: readonly Index[],
): void {
  const keys = [...primaryKey.partition, ...(primaryKey.clustering ?? [])]
  const unknown = [...keys, ...indexes.map(({ column }) => column)].find(
    (name) => !Object.hasOwn(columns, name),
  )
  if (unknown !== undefined) {
    throw new MillraceError('CONFIG', `table ${table}: "${unknown}" is in a key or an index but is no column`)
  }
  if (primaryKey.partition.length === 0 || new Set(keys).size !== keys.length) {
    throw new MillraceError('CONFIG', `table ${table}: the partition key needs a column, and none twice`)
  }
}
