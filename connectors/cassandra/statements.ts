import type { CassandraTarget } from './table.ts'

/** A table with its keyspace, as it stands in CQL. Both names are plain identifiers. */
export function tableName(keyspace: string, target: CassandraTarget): string {
  return `"${keyspace}"."${target.name}"`
}

/** Parameters: every column in its order, then the clock. */
export function insertStatement(keyspace: string, target: CassandraTarget): string {
  const columns = Object.keys(target.columns)
  const markers = columns.map(() => '?').join(', ')
  return `INSERT INTO ${tableName(keyspace, target)} (${columns.map(quote).join(', ')}) VALUES (${markers}) USING TIMESTAMP ?`
}

/** Parameters: the clock, then the primary key's columns in their order. */
export function deleteStatement(keyspace: string, target: CassandraTarget): string {
  const where = target.key.map((column) => `${quote(column)} = ?`)
  return `DELETE FROM ${tableName(keyspace, target)} USING TIMESTAMP ? WHERE ${where.join(' AND ')}`
}

export function createTableStatement(keyspace: string, target: CassandraTarget): string {
  const columns = Object.entries(target.columns).map(([name, type]) => `${quote(name)} ${type}`)
  const partition = `(${target.primaryKey.partition.map(quote).join(', ')})`
  const key = [partition, ...(target.primaryKey.clustering ?? []).map(quote)].join(', ')
  return `CREATE TABLE IF NOT EXISTS ${tableName(keyspace, target)} (${columns.join(', ')}, PRIMARY KEY (${key}))`
}

export function quote(identifier: string): string {
  return `"${identifier}"`
}
