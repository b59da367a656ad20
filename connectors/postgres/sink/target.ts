import {
  type Absent,
  type Columns,
  type RowOf,
  requireColumns,
  requireIdentifier,
  type TableTarget,
} from '../../../lib/table/table.ts'
import { requireUnreserved } from './reserved-columns.ts'

export interface PostgresTableOptions<C extends Columns, Key extends string> {
  /** Beside these every table has `write_clock` and `deleted`. */
  readonly columns: C
  readonly primaryKey: readonly [Key, ...Key[]]
  /** B-tree indexes, of one column each. */
  readonly indexes?: readonly { readonly column: keyof C & string }[] | undefined
  /** Default `null`. */
  readonly absent?: Absent | undefined
}

/** A PostgreSQL table as a sink. Plain data. */
export interface PostgresTarget<Row = never> extends TableTarget<Row> {
  readonly connector: 'postgres'
}

/**
 * A table to write to, `schema.table` or `table`: a stream fits if it has every column as a field of the right type.
 * Fields that are no column are not written.
 *
 * ```ts
 * postgres('insights.users_by_country', {
 *   columns: { country_code: 'text', user_id: 'uuid', full_name: 'text', registered_at: 'timestamp' },
 *   primaryKey: ['country_code', 'user_id'],
 * })
 * ```
 *
 * Rows are inserted or updated by primary key, and only where their clock, kept in the column `write_clock`, is not
 * smaller than the stored one (see `TableTarget`). A deletion leaves its row, empty and with `deleted` true, so that
 * nothing older brings it back: read the table `where not deleted`.
 *
 * @throws {MillraceError} `CONFIG` for a name that is no plain identifier, a key or index that is no column, or a
 * column named `write_clock` or `deleted`.
 */
export function postgres<const C extends Columns, Key extends keyof C & string>(
  table: string,
  options: PostgresTableOptions<C, Key>,
): PostgresTarget<RowOf<C, Key>> {
  const { columns, primaryKey: key, indexes = [], absent = 'null' } = options
  const parts = table.split('.')
  for (const part of parts.length > 2 ? [table] : parts) requireIdentifier(part, 'a PostgreSQL table')
  const target: PostgresTarget<RowOf<C, Key>> = {
    connector: 'postgres',
    name: table,
    columns,
    key,
    indexes,
    absent,
  }
  requireColumns(target as PostgresTarget)
  requireUnreserved(target as PostgresTarget)
  return Object.freeze(target)
}
