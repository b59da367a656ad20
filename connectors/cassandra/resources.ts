import type { Resource } from '../../lib/ports.ts'
import type { Connection } from './connection.ts'
import { createGeneration, findGeneration, GENERATIONS } from './generations.ts'
import { quote } from './statements.ts'
import type { CassandraTarget } from './table.ts'
import { indexResource, tableResource } from './table-resource.ts'

/** How `apply` creates the keyspace. Default: SimpleStrategy with one replica, for one node. */
export type Replication =
  | { readonly class: 'SimpleStrategy'; readonly replication_factor: number }
  | { readonly class: 'NetworkTopologyStrategy'; readonly [datacenter: string]: string | number }

/** Keyspace, generation, table, indexes: each needs the ones before. */
export function resourcesOf(
  connection: Connection,
  target: CassandraTarget,
  application: string,
  replication: Replication,
): readonly Resource[] {
  return [
    keyspaceResource(connection, replication),
    tableResource(connection, GENERATIONS),
    generationResource(connection, application),
    tableResource(connection, target),
    ...target.indexes.map((index) => indexResource(connection, target, index)),
  ]
}

/** An existing keyspace is taken as it is: its replication is its operator's business. */
function keyspaceResource(connection: Connection, replication: Replication): Resource {
  const { keyspace } = connection
  return {
    kind: 'keyspace',
    name: keyspace,
    inspect: async () => {
      const rows = await connection.query(
        `look for keyspace ${keyspace}`,
        'SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?',
        [keyspace],
      )
      return rows.length === 0 ? 'missing' : 'present'
    },
    create: async () => {
      const options = Object.entries(replication).map(([name, value]) => `'${text(name)}': '${text(value)}'`)
      const cql = `CREATE KEYSPACE IF NOT EXISTS ${quote(keyspace)} WITH replication = {${options.join(', ')}}`
      await connection.query(`create keyspace ${keyspace}`, cql)
    },
  }
}

function generationResource(connection: Connection, application: string): Resource {
  return {
    kind: 'generation',
    name: `${connection.keyspace}.${GENERATIONS.name}/${application}`,
    inspect: async () => {
      const table = await tableResource(connection, GENERATIONS).inspect()
      if (table !== 'present') return 'missing'
      return (await findGeneration(connection, application)) === undefined ? 'missing' : 'present'
    },
    create: () => createGeneration(connection, application),
  }
}

function text(value: string | number): string {
  return String(value).replaceAll("'", "''")
}
