/** What a topology file says about PostgreSQL. Loads no client. */
export type { Columns, ColumnType, ColumnValues, RowOf, TableTarget } from '../../lib/table/table.ts'
export {
  type PostgresLookupOptions,
  type PostgresLookupTarget,
  postgresLookup,
} from './lookup/target.ts'
export { type PostgresTableOptions, type PostgresTarget, postgres } from './sink/target.ts'
