import { MillraceError } from '../errors.ts'
import type { SinkTarget } from '../ports.ts'

/** How a value of each column type looks in a row, whatever server holds the table. */
export interface ColumnValues {
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

export type ColumnType = keyof ColumnValues

export type Columns = Readonly<Record<string, ColumnType>>

/** The rows that fit a table: every column is a field, null where it is absent; keys are never null. */
export type RowOf<C extends Columns, Key extends keyof C> = {
  readonly [Name in keyof C]: Name extends Key
    ? ColumnValues[C[Name]]
    : ColumnValues[C[Name]] | null | undefined
}

/**
 * A table as a sink, of whatever server. Plain data.
 *
 * Each row is written with the clock "record time in ms × 1000 + generation", which decides between writes of one
 * key whatever their order. A null value deletes the row; its record's key must then hold the primary key: as an
 * object with those fields, or as the value itself if the primary key is one column.
 */
export interface TableTarget<Row = never> extends SinkTarget<Row> {
  readonly columns: Columns
  /** The primary key's columns in order. */
  readonly key: readonly string[]
  readonly indexes: readonly { readonly column: string }[]
  readonly absent: Absent
}

/**
 * What a field that is null or undefined writes. `null` clears the column, so that no older value shows through.
 * `unset` leaves the column as it is: only for keys that are written once.
 */
export type Absent = 'null' | 'unset'

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,47}$/

/**
 * Names can't be bound as parameters, so only plain ones are let through.
 * @param what e.g. `a Cassandra table`.
 * @throws {MillraceError} `CONFIG` for any other name.
 */
export function requireIdentifier(name: string, what: string): void {
  if (IDENTIFIER.test(name)) return
  throw new MillraceError(
    'CONFIG',
    `"${name}" can't name ${what}: use letters, digits and _, not starting with a digit, at most 48`,
  )
}

/** @throws {MillraceError} `CONFIG` for a column with no plain name, or a key or index that is no column. */
export function requireColumns({ name, columns, key, indexes }: TableTarget): void {
  for (const column of Object.keys(columns)) requireIdentifier(column, `a column of table ${name}`)
  const unknown = [...key, ...indexes.map(({ column }) => column)].find(
    (column) => !Object.hasOwn(columns, column),
  )
  if (unknown !== undefined) {
    throw new MillraceError('CONFIG', `table ${name}: "${unknown}" is in a key or an index but is no column`)
  }
  if (key.length === 0 || new Set(key).size !== key.length) {
    throw new MillraceError('CONFIG', `table ${name}: the primary key needs a column, and none twice`)
  }
}
