import { MillraceError } from '../../lib/errors.ts'
import { type Logger, SILENT } from '../../lib/log.ts'
import type { SinkConnector, SinkTarget } from '../../lib/ports.ts'
import { type ConnectionSettings, openConnection } from './connection.ts'
import { raiseGeneration } from './generations.ts'
import { InFlight } from './in-flight.ts'
import { type ReadOptions, type ReadRow, readTable } from './read.ts'
import { openRepair } from './repair.ts'
import { type Replication, resourcesOf } from './resources.ts'
import { CassandraSink } from './sink.ts'
import { tableName } from './statements.ts'
import type { CassandraTarget } from './table.ts'

export interface CassandraOptions extends ConnectionSettings {
  /** Most writes in flight per table. Default 128. */
  readonly inFlight?: number | undefined
  readonly replication?: Replication | undefined
  readonly logger?: Logger | undefined
}

export interface CassandraConnector extends SinkConnector {
  /** The whole table in token order, a page at a time; values in the shape in which rows are written. */
  readTable(target: CassandraTarget, options?: ReadOptions): AsyncIterable<ReadRow>
  /** Raises the application's generation by one: later writes win over equal record times written before. */
  raiseGeneration(application: string): Promise<number>
}

const IN_FLIGHT = 128
const ONE_NODE: Replication = { class: 'SimpleStrategy', replication_factor: 1 }

/** Opens nothing yet: the first sink, inspection or read connects. */
export function cassandraConnector(options: CassandraOptions): CassandraConnector {
  const connection = openConnection(options)
  const { logger = SILENT, replication = ONE_NODE } = options
  const byTable = new Map<string, InFlight>()
  const inFlightOf = ({ name }: CassandraTarget): InFlight => {
    const found = byTable.get(name) ?? new InFlight(options.inFlight ?? IN_FLIGHT)
    byTable.set(name, found)
    return found
  }
  return {
    open: async (sinkTarget, context) => {
      const target = ours(sinkTarget)
      await connection.client()
      return new CassandraSink({ connection, target, context, inFlight: inFlightOf(target), logger })
    },
    resources: (target, { application, clockOf = application }) =>
      resourcesOf(connection, ours(target), clockOf, replication),
    readTable: (target, how) => readTable(connection, target, how),
    clear: async (target) => {
      const name = `${connection.keyspace}.${ours(target).name}`
      await connection.query(`empty table ${name}`, `TRUNCATE ${name}`, [])
    },
    drop: async (target) => {
      const cql = `DROP TABLE IF EXISTS ${tableName(connection.keyspace, ours(target))}`
      await connection.query(`drop table ${target.name}`, cql)
    },
    repair: (target, context) => openRepair(connection, ours(target), context),
    raiseGeneration: (application) => raiseGeneration(connection, application),
    close: () => connection.close(),
  }
}

function ours(target: SinkTarget): CassandraTarget {
  if (target.connector === 'cassandra') return target as CassandraTarget
  throw new MillraceError('INTERNAL', `sink target ${target.name} is of connector ${target.connector}`)
}
