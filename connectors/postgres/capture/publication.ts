import { MillraceError } from '../../../lib/errors.ts'
import type { Database } from '../connection.ts'
import { quoteIdentifier, quoteTable } from '../identifier.ts'
import { CAPTURES_TABLE } from './position.ts'

/**
 * `missing`, or how the publication leaves out rows that have to be captured.
 */
export async function inspectPublication(
  database: Database,
  publication: string,
  table: string,
): Promise<'present' | 'missing' | { readonly differs: string }> {
  const [row] = await database.query<{ complete: boolean; via_root: boolean }>(
    `look at publication ${publication}`,
    'SELECT pubinsert AND pubupdate AS complete, pubviaroot AS via_root FROM pg_publication WHERE pubname = $1',
    [publication],
  )
  if (row === undefined) return 'missing'
  if (!row.complete) return { differs: `publication ${publication} leaves out inserts or updates` }
  if (!row.via_root) return { differs: `publication ${publication} lacks publish_via_partition_root` }
  return inspectTables(database, publication, table)
}

async function inspectTables(
  database: Database,
  publication: string,
  table: string,
): Promise<'present' | { readonly differs: string }> {
  const published = await database.query<{ name: string; filtered: boolean }>(
    `look at the tables of publication ${publication}`,
    // Row filters and column lists came with PostgreSQL 15.
    `SELECT t.schemaname || '.' || t.tablename AS name,
            coalesce(to_jsonb(r) ->> 'prqual', to_jsonb(r) ->> 'prattrs') IS NOT NULL AS filtered
       FROM pg_publication_tables t
       JOIN pg_publication p ON p.pubname = t.pubname
       LEFT JOIN pg_publication_rel r
         ON r.prpubid = p.oid AND r.prrelid = format('%I.%I', t.schemaname, t.tablename)::regclass
      WHERE t.pubname = $1`,
    [publication],
  )
  for (const wanted of [table, CAPTURES_TABLE]) {
    const found = published.find(({ name }) => name === wanted)
    if (found === undefined) return { differs: `publication ${publication} does not include ${wanted}` }
    if (found.filtered) return { differs: `publication ${publication} filters rows or columns of ${wanted}` }
  }
  return 'present'
}

/**
 * Idempotent.
 * @throws {MillraceError} `CONFIG` for a table without primary key (publishing it would make its updates fail) or with children.
 */
export async function createPublication(
  database: Database,
  publication: string,
  table: string,
): Promise<void> {
  await requireCapturable(database, table)
  await database.query(
    `create publication ${publication}`,
    // The statement has no IF NOT EXISTS, and two `apply` may run beside each other.
    `DO $do$ BEGIN
       CREATE PUBLICATION ${quoteIdentifier(publication)} FOR TABLE ${quoteTable(table)}, ${quoteTable(CAPTURES_TABLE)}
         WITH (publish_via_partition_root = true);
     EXCEPTION WHEN duplicate_object THEN NULL; END $do$`,
  )
}

async function requireCapturable(database: Database, table: string): Promise<void> {
  const [row] = await database.query<{ keyed: boolean; inherited: boolean }>(
    `look at the primary key of ${table}`,
    `SELECT EXISTS (SELECT 1 FROM pg_index WHERE indrelid = c.oid AND indisprimary) AS keyed,
            c.relkind = 'r' AND EXISTS (SELECT 1 FROM pg_inherits WHERE inhparent = c.oid) AS inherited
       FROM pg_class c WHERE c.oid = $1::regclass`,
    [quoteTable(table)],
  )
  if (!row?.keyed) {
    throw new MillraceError(
      'CONFIG',
      `table ${table} has no primary key: a captured table needs one. Add it.`,
    )
  }
  if (row.inherited) {
    throw new MillraceError(
      'CONFIG',
      `table ${table} is inherited from: rows of its children can't be captured`,
    )
  }
}
