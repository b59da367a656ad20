import type { Connection, Row } from './connection.ts'
import { fromDriver } from './cql-values.ts'
import { quote, tableName } from './statements.ts'
import type { CassandraTarget } from './table.ts'

export interface ReadOptions {
  /** Default: all that the target names. */
  readonly columns?: readonly string[] | undefined
  /** Adds `clock`: the largest write clock among the columns that are no key and not null; null if there is none. */
  readonly clock?: boolean | undefined
}

export interface ReadRow {
  /** Values in the shape in which rows are written; null where there is none. */
  readonly value: Row
  readonly clock: number | null
}

/** The whole table in token order, a page at a time. */
export async function* readTable(
  connection: Connection,
  target: CassandraTarget,
  options: ReadOptions = {},
): AsyncGenerator<ReadRow> {
  const columns = options.columns ?? Object.keys(target.columns)
  const clocked = options.clock ? clocksOf(target) : []
  const cql = selectStatement(connection.keyspace, target, columns, clocked)
  for await (const row of connection.pages(`read table ${target.name}`, cql)) {
    const value = Object.fromEntries(columns.map((column) => [column, fromDriver(row[column])]))
    yield { value, clock: largestClock(row, clocked) }
  }
}

/** One row with the clocks of its cells. Parameters: the primary key's columns in their order. */
export function selectRowStatement(
  keyspace: string,
  target: CassandraTarget,
  clocked: readonly string[],
): string {
  const where = target.key.map((column) => `${quote(column)} = ?`)
  const all = Object.keys(target.columns)
  return `${selectStatement(keyspace, target, all, clocked)} WHERE ${where.join(' AND ')}`
}

/** The columns that have a clock: keys have no WRITETIME. */
export function clocksOf(target: CassandraTarget): string[] {
  return Object.keys(target.columns).filter((column) => !target.key.includes(column))
}

/** Null where no cell says one: of a row without values, a deletion. */
export function largestClock(row: Row, clocked: readonly string[]): number | null {
  const clocks = clocked
    .map((_, index) => fromDriver(row[`clock_${index}`]))
    .filter((clock) => clock !== null)
  return clocks.length === 0 ? null : Math.max(...(clocks as number[]))
}

function selectStatement(
  keyspace: string,
  target: CassandraTarget,
  columns: readonly string[],
  clocked: readonly string[],
): string {
  const clocks = clocked.map((column, index) => `WRITETIME(${quote(column)}) AS clock_${index}`)
  return `SELECT ${[...columns.map(quote), ...clocks].join(', ')} FROM ${tableName(keyspace, target)}`
}
