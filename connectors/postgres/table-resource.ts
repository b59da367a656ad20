import type { Resource } from '../../lib/ports.ts'
import type { Database } from './connection.ts'
import { quoteIdentifier, quoteTable } from './identifier.ts'

export interface TableDefinition {
  /** `schema.table`. */
  readonly name: string
  /** Column name → type as PostgreSQL's format_type writes it, e.g. `timestamp(3) with time zone`. */
  readonly columns: Readonly<Record<string, string>>
  /** Column name → what follows the type, e.g. `not null`. */
  readonly constraints?: Readonly<Record<string, string>> | undefined
  /** Its columns in order. Without it the primary key is not looked at. */
  readonly primaryKey?: readonly string[] | undefined
  /** Statements after the table's own, e.g. indexes; each idempotent. */
  readonly also?: readonly string[] | undefined
}

/** A table with its columns and primary key; further columns of the user's own are let be. */
export function tableResource(database: Database, table: TableDefinition): Resource {
  return {
    kind: 'table',
    name: table.name,
    inspect: async () => {
      const found = await columnsOf(database, table.name)
      if (found.size === 0) return 'missing'
      const wrong = [...wrongColumns(table, found), ...(await wrongKey(database, table))]
      return wrong.length === 0 ? 'present' : { differs: wrong.join('; ') }
    },
    create: () =>
      createOnce(database, `create table ${table.name}`, [createStatement(table), ...(table.also ?? [])]),
  }
}

export function schemaResource(database: Database, name: string): Resource {
  return {
    kind: 'schema',
    name,
    inspect: async () => {
      const found = await database.query(
        `look for schema ${name}`,
        'select from pg_namespace where nspname = $1',
        [name],
      )
      return found.length === 0 ? 'missing' : 'present'
    },
    create: () =>
      createOnce(database, `create schema ${name}`, [`create schema if not exists ${quoteIdentifier(name)}`]),
  }
}

/** Runs DDL in one transaction, one process at a time: `if not exists` alone still collides with itself. */
export async function createOnce(database: Database, doing: string, ddl: readonly string[]): Promise<void> {
  await database.transaction(doing, async (connection) => {
    await connection.query(`select pg_advisory_xact_lock(hashtextextended('millrace apply', 0))`)
    // A session that has looked for a schema in vain remembers that until it opens a table, whatever was made since.
    await connection.query('select from pg_namespace limit 0')
    for (const statement of ddl) await connection.query(statement)
  })
}

async function columnsOf(database: Database, table: string): Promise<ReadonlyMap<string, string>> {
  const rows = await database.query<{ name: string; type: string }>(
    `look for table ${table}`,
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
      where attrelid = to_regclass($1) and attnum > 0 and not attisdropped`,
    [quoteTable(table)],
  )
  return new Map(rows.map(({ name, type }) => [name, type]))
}

function wrongColumns(table: TableDefinition, found: ReadonlyMap<string, string>): string[] {
  return Object.entries(table.columns)
    .filter(([name, type]) => found.get(name) !== type)
    .map(([name, type]) => `column ${name} is ${found.get(name) ?? 'absent'}, should be ${type}`)
}

async function wrongKey(database: Database, { name, primaryKey }: TableDefinition): Promise<string[]> {
  if (primaryKey === undefined) return []
  const rows = await database.query<{ column: string }>(
    `look for the primary key of ${name}`,
    `select a.attname as column from pg_index i
       cross join unnest(i.indkey) with ordinality as part (attnum, place)
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = part.attnum
      where i.indrelid = to_regclass($1) and i.indisprimary order by part.place`,
    [quoteTable(name)],
  )
  const [is, should] = [rows.map(({ column }) => column).join(', '), primaryKey.join(', ')]
  return is === should ? [] : [`primary key is (${is}), should be (${should})`]
}

function createStatement({ name, columns, constraints, primaryKey }: TableDefinition): string {
  const lines = Object.entries(columns).map(([column, type]) =>
    `${quoteIdentifier(column)} ${type} ${constraints?.[column] ?? ''}`.trim(),
  )
  if (primaryKey !== undefined) lines.push(`primary key (${primaryKey.map(quoteIdentifier).join(', ')})`)
  return `create table if not exists ${quoteTable(name)} (${lines.join(', ')})`
}
