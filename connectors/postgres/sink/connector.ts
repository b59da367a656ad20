import { type Logger, SILENT } from '../../../lib/log.ts'
import type { SinkConnector, TableReader } from '../../../lib/ports.ts'
import { type Database, openDatabase } from '../connection.ts'
import { quoteTable } from '../identifier.ts'
import { raiseGeneration } from './generations.ts'
import { forgetPositions } from './positions.ts'
import { readTable } from './read.ts'
import { openRepair } from './repair.ts'
import { resourcesOf } from './resources.ts'
import { PostgresSink } from './sink.ts'
import { storedTable } from './stored-table.ts'

export type PostgresOptions = {
  /** Where tables are whose name has no schema. Default `public`. */
  readonly schema?: string | undefined
  /** Most connections, and so most batches in flight. Default 4. */
  readonly connections?: number | undefined
  /** How long a write waits for an answer before it is sent again, at first. Milliseconds, default 60,000. */
  readonly answerWithin?: number | undefined
  readonly logger?: Logger | undefined
} & (
  | { readonly databaseUrl: string }
  /** The caller's own, which it closes itself. */
  | { readonly database: Database }
)

export interface PostgresConnector extends Required<SinkConnector>, TableReader {
  /** Raises the application's generation by one: later writes win over equal record times written before. */
  raiseGeneration(application: string): Promise<number>
}

/**
 * Tables of `postgres(...)`, and of `cassandra(...)` where PostgreSQL takes Cassandra's place: a SAI index becomes a
 * B-tree index, partition and clustering columns one primary key. Opens nothing yet: the first call connects.
 */
export function postgresConnector(options: PostgresOptions): PostgresConnector {
  const { schema = 'public', logger = SILENT, connections, answerWithin } = options
  const given = 'database' in options
  const database = given
    ? options.database
    : openDatabase(options.databaseUrl, { name: 'millrace sinks', connections })
  return {
    open: async (target, context) =>
      new PostgresSink({ database, stored: storedTable(target, schema), context, logger, answerWithin }),
    resources: (target, { application, clockOf = application }) =>
      resourcesOf(database, storedTable(target, schema), clockOf),
    readTable: (target) => readTable(database, storedTable(target, schema)),
    clear: async (target) => {
      const { name } = storedTable(target, schema)
      await database.query(`empty table ${name}`, `truncate ${name}`)
    },
    drop: async (target) => {
      const { name } = storedTable(target, schema)
      await database.query(`drop table ${name}`, `drop table if exists ${quoteTable(name)}`)
    },
    repair: (target, context) => openRepair(database, storedTable(target, schema), context),
    forget: (application) => forgetPositions(database, application),
    raiseGeneration: (application) => raiseGeneration(database, application),
    close: async () => {
      if (!given) await database.close()
    },
  }
}
