import type { StoredRow } from '../../../lib/ports.ts'
import type { Database } from '../connection.ts'
import { databaseError } from '../database-error.ts'
import { STORED_TYPES } from './column-types.ts'
import { CLOCK } from './reserved-columns.ts'
import { selectStatement } from './statements.ts'
import type { StoredTable } from './stored-table.ts'

const PAGE_ROWS = 1000

export type Row = Readonly<Record<string, unknown>>

/** The whole table as it was when the first row was asked for, 1,000 rows in memory at a time. */
export async function* readTable(database: Database, stored: StoredTable): AsyncGenerator<StoredRow> {
  const doing = `read table ${stored.name}`
  const toRow = rowReader(stored)
  const client = await database.session(doing)
  let ended = false
  try {
    await client.query('begin read only')
    await client.query(`declare every_row no scroll cursor for ${selectStatement(stored)}`)
    for (;;) {
      const { rows } = await client.query<Row>(`fetch ${PAGE_ROWS} from every_row`)
      yield* rows.map(toRow)
      if (rows.length < PAGE_ROWS) break
    }
    await client.query('commit')
    ended = true
  } catch (error) {
    throw databaseError(error, doing, database.server)
  } finally {
    // Given up half-way, or failed: its transaction ends with the connection.
    client.release(!ended)
  }
}

/** Makes a row of what `selectStatement` or `selectRowStatement` has found. */
export function rowReader({ target }: StoredTable): (read: Row) => StoredRow {
  const columns = Object.entries(target.columns).map(([name, type]) => ({
    name,
    parse: STORED_TYPES[type].parse ?? asRead,
  }))
  return (read) => ({
    value: Object.fromEntries(
      columns.map(({ name, parse }) => [name, read[name] === null ? null : parse(read[name])]),
    ),
    clock: Number(read[CLOCK]),
  })
}

const asRead = (read: unknown): unknown => read
