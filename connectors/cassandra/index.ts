/** What a topology file says about Cassandra. Loads no client. */
export {
  type CassandraTarget,
  type CqlType,
  type CqlValues,
  cassandra,
  type PrimaryKey,
  type RowOf,
  type TableOptions,
} from './table.ts'
