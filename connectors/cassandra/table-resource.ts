import type { Resource } from '../../lib/ports.ts'
import type { Connection } from './connection.ts'
import { createTableStatement, quote, tableName } from './statements.ts'
import type { CassandraTarget, Index } from './table.ts'

type Inspection = Awaited<ReturnType<Resource['inspect']>>

/** A table with its columns and primary key; further columns of the user's own are let be. */
export function tableResource(connection: Connection, target: CassandraTarget): Resource {
  return {
    kind: 'table',
    name: `${connection.keyspace}.${target.name}`,
    inspect: () => inspectTable(connection, target),
    create: async () => {
      const cql = createTableStatement(connection.keyspace, target)
      await connection.query(`create table ${target.name}`, cql)
    },
  }
}

export async function inspectTable(connection: Connection, target: CassandraTarget): Promise<Inspection> {
  const rows = await connection.query(
    `look for table ${target.name}`,
    'SELECT column_name, type, kind, position FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?',
    [connection.keyspace, target.name],
  )
  if (rows.length === 0) return 'missing'
  const found = rows as unknown as ColumnRow[]
  const wrong = [...wrongColumns(target, found), ...wrongKey(target, found)]
  return wrong.length === 0 ? 'present' : { differs: wrong.join('; ') }
}

export function indexResource(connection: Connection, target: CassandraTarget, index: Index): Resource {
  const name = `${target.name}_${index.column}_${index.using}`
  return {
    kind: 'index',
    name: `${connection.keyspace}.${name}`,
    inspect: async () => inspectIndex(await indexesOf(connection, target), name, index),
    create: async () => {
      const on = `${tableName(connection.keyspace, target)} (${quote(index.column)})`
      const cql = `CREATE INDEX IF NOT EXISTS ${quote(name)} ON ${on} USING '${index.using}'`
      await connection.query(`create index ${name}`, cql)
    },
  }
}

interface ColumnRow {
  readonly column_name: string
  readonly type: string
  readonly kind: 'partition_key' | 'clustering' | 'regular' | 'static'
  readonly position: number
}

function wrongColumns(target: CassandraTarget, found: readonly ColumnRow[]): string[] {
  const types = new Map(found.map(({ column_name, type }) => [column_name, type]))
  return Object.entries(target.columns)
    .filter(([name, type]) => types.get(name) !== type)
    .map(([name, type]) => `column ${name} is ${types.get(name) ?? 'absent'}, should be ${type}`)
}

function wrongKey({ primaryKey }: CassandraTarget, found: readonly ColumnRow[]): string[] {
  const part = (kind: ColumnRow['kind']) =>
    found
      .filter((column) => column.kind === kind)
      .toSorted((one, other) => one.position - other.position)
      .map(({ column_name }) => column_name)
  const is = keyText(part('partition_key'), part('clustering'))
  const should = keyText(primaryKey.partition, primaryKey.clustering ?? [])
  return is === should ? [] : [`primary key is ${is}, should be ${should}`]
}

function keyText(partition: readonly string[], clustering: readonly string[]): string {
  return `(${[`(${partition.join(', ')})`, ...clustering].join(', ')})`
}

interface IndexRow {
  readonly index_name: string
  readonly options: Readonly<Record<string, string>>
}

async function indexesOf(connection: Connection, target: CassandraTarget): Promise<IndexRow[]> {
  const rows = await connection.query(
    `look for the indexes of ${target.name}`,
    'SELECT index_name, options FROM system_schema.indexes WHERE keyspace_name = ? AND table_name = ?',
    [connection.keyspace, target.name],
  )
  return rows as unknown as IndexRow[]
}

const SAI = /(^|\.)(sai|StorageAttachedIndex)$/i

/** An index of another name on the same column does as well. */
function inspectIndex(found: readonly IndexRow[], name: string, { column }: Index): Inspection {
  const isIt = ({ options }: IndexRow) =>
    options.target?.replaceAll('"', '') === column && SAI.test(options.class_name ?? '')
  if (found.some(isIt)) return 'present'
  return found.some(({ index_name }) => index_name === name)
    ? { differs: `it is no storage-attached index on ${column}` }
    : 'missing'
}
