import type { Database } from '../connection.ts'
import { quoteTable } from '../identifier.ts'

/**
 * SQL for what ties a table to its publication: both, and the table's entry in it. It changes when one of them was
 * dropped and made again. Rows written in between are not in the stream, and from PostgreSQL 18 on the server leaves
 * them out without an error ("skipped loading publication"), so this is compared whenever a position is stored.
 *
 * @param publication a parameter, e.g. `$1`: the name
 * @param table a parameter: the quoted name
 */
export function publishedAs(publication: string, table: string): string {
  return `
    (SELECT concat_ws('/', p.oid, r.oid, r.prrelid)
       FROM pg_publication p
       LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = to_regclass(${table})
      WHERE p.pubname = ${publication})`
}

/** What ties the table to the publication now; undefined if there is no such publication. */
export async function inspectPublished(
  database: Database,
  publication: string,
  table: string,
): Promise<string | undefined> {
  const [row] = await database.query<{ published: string | null }>(
    `look at publication ${publication}`,
    `SELECT ${publishedAs('$1', '$2')} AS published`,
    [publication, quoteTable(table)],
  )
  return row?.published ?? undefined
}
