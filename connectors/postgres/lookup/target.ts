import type { LookupTarget } from '../../../lib/ports.ts'

/** A PostgreSQL table read by key. Plain data. */
export interface PostgresLookupTarget<R = unknown> extends LookupTarget<R> {
  readonly connector: 'postgres'
  readonly key: string
  readonly columns: readonly string[]
}

export interface PostgresLookupOptions<R> {
  /** A column with a unique value per row. */
  readonly key: string
  /** The fields of `R`. */
  readonly columns: readonly (keyof R & string)[]
}

/**
 * Reads rows of `schema.table` by key, many keys in one query. Values are as node-postgres gives them: text,
 * integers, booleans and doubles as one expects, bigint and numeric as strings, SQL null as null.
 *
 * ```ts
 * postgresLookup<{ continent: string }>('reference.countries', { key: 'country_code', columns: ['continent'] })
 * ```
 */
export function postgresLookup<R>(table: string, options: PostgresLookupOptions<R>): PostgresLookupTarget<R> {
  return Object.freeze({ connector: 'postgres', name: table, key: options.key, columns: options.columns })
}
