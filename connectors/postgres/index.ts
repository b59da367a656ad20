/** What a topology file says about PostgreSQL. Loads no client. */
export {
  type PostgresLookupOptions,
  type PostgresLookupTarget,
  postgresLookup,
} from './lookup/target.ts'
