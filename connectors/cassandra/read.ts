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
  const clocked = options.clock ? columnsWithClock(target) : []
  const selected = [
    ...columns.map(quote),
    ...clocked.map((column, index) => `WRITETIME(${quote(column)}) AS clock_${index}`),
  ]
  const cql = `SELECT ${selected.join(', ')} FROM ${tableName(connection.keyspace, target)}`
  for await (const row of connection.pages(`read table ${target.name}`, cql)) {
    const value = Object.fromEntries(columns.map((column) => [column, fromDriver(row[column])]))
    const clocks = clocked
      .map((_, index) => fromDriver(row[`clock_${index}`]))
      .filter((clock) => clock !== null)
    yield { value, clock: clocks.length === 0 ? null : Math.max(...(clocks as number[])) }
  }
}

/** Keys have no WRITETIME. */
function columnsWithClock(target: CassandraTarget): string[] {
  return Object.keys(target.columns).filter((column) => !target.key.includes(column))
}
