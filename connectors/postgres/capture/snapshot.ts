import type pg from 'pg'
import { quoteTable } from '../identifier.ts'
import type { Row } from './pgoutput.ts'
import { AS_TEXT } from './text-format.ts'

/**
 * Every row of a table as an exported snapshot sees it, in order of the primary key. `taken` is called when the
 * snapshot is held by this session and its exporter may go. Ends the transaction only when read to the end: after
 * a failure the connection must be closed.
 */
export async function* snapshotRows(
  client: pg.ClientBase,
  table: string,
  snapshot: string,
  batchRecords: number,
  taken: () => Promise<void>,
): AsyncGenerator<readonly Row[]> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  await client.query(`SET TRANSACTION SNAPSHOT '${snapshot.replaceAll("'", "''")}'`)
  await taken()
  const { columns, key } = await describe(client, table)
  const order = key.length === 0 ? '' : `ORDER BY ${key.join(', ')}`
  await client.query(
    `DECLARE millrace_snapshot NO SCROLL CURSOR FOR SELECT ${columns.join(', ')} FROM ${quoteTable(table)} ${order}`,
  )
  for (;;) {
    const rows = await queryRows(client, `FETCH ${batchRecords} FROM millrace_snapshot`)
    if (rows.length === 0) break
    yield rows
  }
  await client.query('COMMIT')
}

/** The row as it is now, or undefined if it is gone. */
export async function currentRow(
  client: pg.ClientBase,
  table: string,
  key: ReadonlyMap<string, string>,
): Promise<Row | undefined> {
  const { columns } = await describe(client, table)
  const found = [...key.keys()].map((column, i) => `${quoteColumn(column)} = $${i + 1}`)
  const text = `SELECT ${columns.join(', ')} FROM ${quoteTable(table)} WHERE ${found.join(' AND ')}`
  return (await queryRows(client, text, [...key.values()]))[0]
}

/** Columns as pgoutput sends them (none that is generated), and those of the primary key, quoted. */
async function describe(
  client: pg.ClientBase,
  table: string,
): Promise<{ readonly columns: readonly string[]; readonly key: readonly string[] }> {
  const { rows } = await client.query<{ name: string; place: number | null }>(
    `SELECT quote_ident(a.attname) AS name, array_position(i.indkey::int[], a.attnum::int) AS place
       FROM pg_attribute a
       LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
      WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      ORDER BY a.attnum`,
    [quoteTable(table)],
  )
  const key = rows.filter(({ place }) => place !== null).sort((a, b) => Number(a.place) - Number(b.place))
  return { columns: rows.map(({ name }) => name), key: key.map(({ name }) => name) }
}

async function queryRows(client: pg.ClientBase, text: string, values: string[] = []): Promise<Row[]> {
  const { rows, fields } = await client.query<(string | null)[]>({
    text,
    values,
    rowMode: 'array',
    types: AS_TEXT,
  })
  return rows.map((values) => {
    const row: Row = Object.create(null)
    for (const [i, field] of fields.entries()) row[field.name] = values[i] ?? null
    return row
  })
}

function quoteColumn(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
