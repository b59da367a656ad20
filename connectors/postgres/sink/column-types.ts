import { fitsColumn } from '../../../lib/table/column-values.ts'
import type { ColumnType } from '../../../lib/table/table.ts'

/** How a column type is kept in PostgreSQL. SQL is given the name of a column and makes an expression of it. */
export interface StoredType {
  /** As format_type writes it. */
  readonly type: string
  /** Type of the parameter, one array per column. */
  readonly parameter: string
  /** From parameter to column. Default: as it is. */
  readonly store?: (parameter: string) => string
  /** From column to what `pg` reads. Default: as it is. */
  readonly load?: (column: string) => string
  /** From what `pg` reads to a row's value. `pg` gives bigint as text. */
  readonly parse?: (read: unknown) => unknown
}

/** Exact at any distance: an interval is multiplied in floating point, so days and the rest of a day go apart. */
const fromMilliseconds = (ms: string) =>
  `(timestamp 'epoch' + make_interval(days => (${ms} / 86400000)::int, secs => ${ms} % 86400000 / 1000.0)) at time zone 'UTC'`

export const STORED_TYPES: Readonly<Record<ColumnType, StoredType>> = {
  text: { type: 'text', parameter: 'text' },
  uuid: { type: 'uuid', parameter: 'uuid' },
  int: { type: 'integer', parameter: 'integer' },
  bigint: { type: 'bigint', parameter: 'bigint', parse: Number },
  double: { type: 'double precision', parameter: 'double precision' },
  boolean: { type: 'boolean', parameter: 'boolean' },
  date: {
    type: 'date',
    parameter: 'integer',
    store: (days) => `date '1970-01-01' + ${days}`,
    load: (column) => `${column} - date '1970-01-01'`,
  },
  timestamp: {
    type: 'timestamp(3) with time zone',
    parameter: 'bigint',
    store: fromMilliseconds,
    load: (column) => `(extract(epoch from ${column}) * 1000)::bigint`,
    parse: Number,
  },
}

/** 24 November 4714 BC in the Gregorian calendar, before which PostgreSQL has no dates. */
const FIRST_DAY = -2_440_588

/** Whether PostgreSQL can hold it: narrower than `fitsColumn` for early dates and for U+0000, which text can't have. */
export function fitsPostgres(value: unknown, type: ColumnType): boolean {
  if (!fitsColumn(value, type)) return false
  if (type === 'text') return !(value as string).includes('\0')
  if (type === 'date') return (value as number) >= FIRST_DAY
  if (type === 'timestamp') return (value as number) >= FIRST_DAY * 86_400_000
  return true
}

/** `pg` writes -0 as 0, which is another double. */
export function toParameter(value: unknown): unknown {
  return Object.is(value, -0) ? '-0' : value
}
