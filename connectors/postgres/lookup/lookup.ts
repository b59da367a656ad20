import type { Lookup, LookupConnector, LookupTarget } from '../../../lib/ports.ts'
import { type Database, openDatabase } from '../connection.ts'
import { quoteIdentifier, quoteTable } from '../identifier.ts'
import { untilAborted } from '../until-aborted.ts'
import { COUNTRIES, countryResources } from './countries.ts'
import { ownTableResource } from './own-table-resource.ts'
import type { PostgresLookupTarget } from './target.ts'

export interface PostgresLookups extends LookupConnector {
  close(): Promise<void>
}

/** Opens nothing yet: the first load connects. */
export function postgresLookups(options: { readonly databaseUrl: string }): PostgresLookups {
  const database = openDatabase(options.databaseUrl, { name: 'millrace look-ups' })
  return {
    openLookup: (target) => openLookup(database, target as PostgresLookupTarget),
    lookupResources: (target: LookupTarget) =>
      target.name === COUNTRIES
        ? countryResources(database)
        : [ownTableResource(database, target as PostgresLookupTarget)],
    close: () => database.close(),
  }
}

type Row = Readonly<Record<string, unknown>>

/** One load is one query. Caching, batching and trying again are the caller's. */
function openLookup(database: Database, { name, key, columns }: PostgresLookupTarget): Lookup<Row> {
  const fields = columns.map((column) => `${quoteIdentifier(column)}`).join(', ')
  const text = `select ${quoteIdentifier(key)}::text as "${KEY}", ${fields} from ${quoteTable(name)}
    where ${quoteIdentifier(key)} = any($1)`
  return {
    load: async (keys, signal) => {
      signal.throwIfAborted()
      const rows = await untilAborted(
        database.query<Row & { [KEY]: string }>(`look up in ${name}`, text, [keys.filter(canBeText)]),
        signal,
      )
      return new Map(rows.map(({ [KEY]: found, ...row }) => [found, row]))
    },
  }
}

const KEY = '(key)'

/** PostgreSQL has no text with a zero character in it, and refuses the whole query for one. */
function canBeText(key: string): boolean {
  return !key.includes('\0')
}
