import {
  type Absent,
  type Columns,
  type RowOf,
  requireColumns,
  requireIdentifier,
  type TableTarget,
} from '../../lib/table/table.ts'

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
  /** Default `null`. `unset` leaves no tombstone. */
  readonly absent?: Absent | undefined
}

/** A Cassandra table as a sink. Plain data. */
export interface CassandraTarget<Row = never> extends TableTarget<Row> {
  readonly connector: 'cassandra'
  readonly primaryKey: PrimaryKey
  readonly indexes: readonly Index[]
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
 * How rows are written: see `TableTarget`.
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
  requireIdentifier(table, 'a Cassandra table')
  const key = [...primaryKey.partition, ...(primaryKey.clustering ?? [])]
  const target: CassandraTarget<RowOf<C, Partition | Clustering>> = {
    connector: 'cassandra',
    name: table,
    columns,
    primaryKey,
    key,
    indexes,
    absent,
  }
  requireColumns(target as CassandraTarget)
  return Object.freeze(target)
}
