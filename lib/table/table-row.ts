import { MillraceError, place } from '../errors.ts'
import type { SinkRow } from '../ports.ts'
import type { ColumnType, TableTarget } from './table.ts'
import { type Clocked, writeClock } from './write-clock.ts'

/** A row that has been checked against its table. */
export interface TableWrite extends Clocked {
  /** Every column's value in the columns' order, null where it is absent; undefined for a deletion. */
  readonly values: readonly unknown[] | undefined
  /** The primary key's values in its order. */
  readonly key: readonly unknown[]
  readonly row: SinkRow
}

export interface TableRowsOptions {
  readonly target: TableTarget
  readonly step: string
  /** The table as messages name it, e.g. `Cassandra table insights.users_by_id`. */
  readonly table: string
  /** Whether the server can hold this value in a column of this type. */
  readonly fits: (value: unknown, type: ColumnType) => boolean
}

type Fields = Readonly<Record<string, unknown>>

/** Checks rows before a server sees them, and refuses those that it could never take. */
export class TableRows {
  readonly #options: TableRowsOptions
  readonly #columns: readonly string[]

  constructor(options: TableRowsOptions) {
    this.#options = options
    this.#columns = Object.keys(options.target.columns)
  }

  /** @throws {MillraceError} `WRITE` naming step, column and the record's place; never the value. */
  #check(row: SinkRow, generation: number): TableWrite {
    const clock = writeClock(row.timestamp, generation)
    if (clock === undefined) throw this.refuse(row, 'the record has no usable timestamp')
    const { value } = row
    const key = this.#keyOf(value ?? keyFields(row, this.#options.target.key), row)
    const values = value === null ? undefined : this.#columns.map((name) => this.#valueOf(value, name, row))
    return { id: JSON.stringify(key.map(String)), clock, key, values, row }
  }

  /** @throws {MillraceError} `WRITE`, whose `errors` are those of every row that was refused. */
  checkAll(rows: readonly SinkRow[], generation: number): TableWrite[] {
    const refusals: MillraceError[] = []
    const writes = rows.flatMap((row) => {
      try {
        return [this.#check(row, generation)]
      } catch (error) {
        refusals.push(error as MillraceError)
        return []
      }
    })
    if (refusals.length > 0) throw this.refuseAll(refusals)
    return writes
  }

  /** One error for several, with the message and the place of the first. */
  refuseAll(errors: readonly MillraceError[]): MillraceError {
    const [first, ...others] = errors
    if (first === undefined || others.length === 0) return first!
    return new MillraceError('WRITE', `${first.message}; and ${others.length} others`, {
      ...first.at,
      errors,
    })
  }

  /** The refusal of a row, for a reason that holds no value. */
  refuse(row: SinkRow, reason: string): MillraceError {
    const { step, table } = this.#options
    return new MillraceError(
      'WRITE',
      `sink "${step}" can't write ${place(row.origin)} to ${table}: ${reason}`,
      {
        step,
        ...row.origin,
      },
    )
  }

  #keyOf(fields: Fields, row: SinkRow): unknown[] {
    return this.#options.target.key.map((name) => {
      if (fields[name] == null) throw this.refuse(row, `primary key column "${name}" is null or missing`)
      return this.#valueOf(fields, name, row)
    })
  }

  #valueOf(fields: Fields, name: string, row: SinkRow): unknown {
    const value = fields[name]
    if (value == null) return null
    const type = this.#options.target.columns[name]!
    if (this.#options.fits(value, type)) return same(value, type)
    throw this.refuse(row, `column "${name}" is of type ${type}, which this ${typeof value} does not fit`)
  }
}

/** Values that a server holds as equal get one form: two writes of one key must be seen to be that. */
function same(value: unknown, type: ColumnType): unknown {
  if (type === 'uuid') return (value as string).toLowerCase()
  if (type === 'text') return (value as string).toWellFormed()
  return value
}

/** A deletion has no value: its record's key is the primary key, as an object or as its only column. */
function keyFields(row: SinkRow, keys: readonly string[]): Fields {
  if (typeof row.key === 'object' && row.key !== null) return row.key as Fields
  return keys.length === 1 ? { [keys[0]!]: row.key } : {}
}
