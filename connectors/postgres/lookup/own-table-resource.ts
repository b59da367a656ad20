import { MillraceError } from '../../../lib/errors.ts'
import type { Resource } from '../../../lib/ports.ts'
import type { Database } from '../connection.ts'
import { quoteTable } from '../identifier.ts'
import type { PostgresLookupTarget } from './target.ts'

/** A table of the user's own that a look-up reads: checked, never made. */
export function ownTableResource(database: Database, target: PostgresLookupTarget): Resource {
  const wanted = [target.key, ...target.columns]
  return {
    kind: 'reference data',
    name: target.name,
    inspect: async () => {
      const found = await columnsOf(database, target.name)
      if (found.size === 0) return 'missing'
      const absent = wanted.filter((column) => !found.has(column))
      return absent.length === 0 ? 'present' : { differs: `it has no column ${absent.join(', ')}` }
    },
    create: async () => {
      throw new MillraceError(
        'MISSING',
        `the look-up table ${target.name} is yours to create in PostgreSQL at ${database.server}, with ${wanted.join(', ')}`,
      )
    },
  }
}

async function columnsOf(database: Database, table: string): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ name: string }>(
    `look for table ${table}`,
    `select attname as name from pg_attribute
      where attrelid = to_regclass($1) and attnum > 0 and not attisdropped`,
    [quoteTable(table)],
  )
  return new Set(rows.map(({ name }) => name))
}
