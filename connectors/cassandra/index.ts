/** What a topology file says about Cassandra. Loads no client. */
export type { Columns, ColumnType, ColumnValues, RowOf, TableTarget } from '../../lib/table/table.ts'
export { type CassandraTarget, cassandra, type PrimaryKey, type TableOptions } from './table.ts'
