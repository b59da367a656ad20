import type { SpecKeyspace } from '../connectors/cassandra/keyspace.ts'
import { select } from '../support/embedded.ts'

/** Rows as a plain driver gives them, in the plain values of the oracle. */
export type Row = Readonly<Record<string, unknown>>

/** Uuids and dates as text, times in ms, numbers and text as they are. */
export function plain(row: Row): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => {
      if (value instanceof Date) return [column, value.getTime()]
      return [column, typeof value === 'object' && value !== null ? value.toString() : value]
    }),
  )
}

/** A whole table by its key, its columns joined with `/`, as a plain driver reads it. */
export async function storedRows(
  keyspace: SpecKeyspace,
  table: string,
  key: readonly string[],
): Promise<Map<string, Row>> {
  const stored = await keyspace.select<Row>(`SELECT * FROM ${keyspace.name}.${table}`)
  return new Map(stored.map(plain).map((row) => [key.map((column) => row[column]).join('/'), row]))
}

/** The same of the PostgreSQL that stands in for Cassandra. */
export async function embeddedRows(
  databaseUrl: string,
  table: string,
  key: readonly string[],
): Promise<Map<string, Row>> {
  const rows = await select<Row>(databaseUrl, `SELECT * FROM insights.${table} WHERE NOT deleted`)
  return new Map(
    rows.map((row) => {
      const { write_clock: _, deleted: __, ...insight } = plain(row)
      return [key.map((column) => insight[column]).join('/'), insight]
    }),
  )
}

/** Where two tables differ, named so that a failing spec says all. Empty if they are equal. */
export function differences(
  expected: ReadonlyMap<string, Row>,
  actual: ReadonlyMap<string, Row>,
  ignored: readonly string[] = [],
): string[] {
  const found: string[] = []
  for (const [key, should] of expected) {
    const is = actual.get(key)
    if (is === undefined) found.push(`${key} is missing`)
    else found.push(...columnDifferences(key, should, is, ignored))
  }
  for (const key of actual.keys()) if (!expected.has(key)) found.push(`${key} is too many`)
  return found
}

function columnDifferences(key: string, should: Row, is: Row, ignored: readonly string[]): string[] {
  return [...new Set([...Object.keys(should), ...Object.keys(is)])]
    .filter((column) => !ignored.includes(column) && !Object.is(should[column], is[column]))
    .map(
      (column) => `${key} ${column}: ${JSON.stringify(should[column])} became ${JSON.stringify(is[column])}`,
    )
}
