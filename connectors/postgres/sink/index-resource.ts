import { createHash } from 'node:crypto'
import type { Resource } from '../../../lib/ports.ts'
import type { Database } from '../connection.ts'
import { quoteIdentifier, quoteTable } from '../identifier.ts'
import { createOnce } from '../table-resource.ts'
import type { StoredTable } from './stored-table.ts'

/** A B-tree index on one column; any usable one that begins with the column does. */
export function indexResource(database: Database, stored: StoredTable, column: string): Resource {
  const index = indexName(stored.table, column)
  const ddl = `create index if not exists "${index}" on ${quoteTable(stored.name)} (${quoteIdentifier(column)})`
  return {
    kind: 'index',
    name: `${stored.schema}.${index}`,
    inspect: async () => ((await isIndexed(database, stored.name, column)) ? 'present' : 'missing'),
    create: () => createOnce(database, `create index ${index}`, [ddl]),
  }
}

async function isIndexed(database: Database, table: string, column: string): Promise<boolean> {
  const found = await database.query(
    `look for the indexes of ${table}`,
    `select from pg_index i
       join pg_class c on c.oid = i.indexrelid
       join pg_am m on m.oid = c.relam
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
      where i.indrelid = to_regclass($1) and a.attname = $2
        and m.amname = 'btree' and i.indisvalid and i.indpred is null`,
    [quoteTable(table), column],
  )
  return found.length > 0
}

/** PostgreSQL cuts a longer name off, and then two may be the same. */
const LONGEST_NAME = 63

function indexName(table: string, column: string): string {
  const name = `${table}_${column}_idx`
  if (name.length <= LONGEST_NAME) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 12)
  return `${name.slice(0, LONGEST_NAME - hash.length - 1)}_${hash}`
}
