import type { Logger } from '../log.ts'
import type { TableReader } from '../ports.ts'
import type { Environment } from '../runtime/environment.ts'
import type { Config, Variable } from './config.ts'

export interface Connected extends Environment {
  /** For reading tables back, by the connector that a target names. */
  readonly tables: Readonly<Record<string, TableReader>>
  close(): Promise<void>
}

/** Puts the servers together that the configuration names: the one place that knows both `lib` and `connectors`. */
export async function connect(settings: Partial<Config<Variable>>, log: Logger): Promise<Connected> {
  const { kafkaBroker } = await import('../../connectors/kafka/broker.ts')
  const { schemaRegistry } = await import('../contract/registry.ts')
  const { cassandraConnector } = await import('../../connectors/cassandra/connector.ts')
  const { postgresLookups } = await import('../../connectors/postgres/lookup/lookup.ts')
  const { postgresConnector } = await import('../../connectors/postgres/sink/connector.ts')
  const { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, DATABASE_URL, CASSANDRA_CONTACT_POINTS } = settings

  const broker = kafkaBroker({
    brokers: KAFKA_BROKERS!,
    logger: ({ level, message, context }) => log[level === 'info' ? 'debug' : level]({ ...context }, message),
  })
  const cassandra =
    CASSANDRA_CONTACT_POINTS === undefined
      ? undefined
      : cassandraConnector({
          contactPoints: CASSANDRA_CONTACT_POINTS,
          localDataCenter: settings.CASSANDRA_LOCAL_DC!,
          keyspace: settings.CASSANDRA_KEYSPACE!,
          logger: log,
        })
  const lookups = DATABASE_URL === undefined ? undefined : postgresLookups({ databaseUrl: DATABASE_URL })
  const postgres =
    DATABASE_URL === undefined ? undefined : postgresConnector({ databaseUrl: DATABASE_URL, logger: log })
  const tables = { ...(cassandra && { cassandra }), ...(postgres && { postgres }) }
  return {
    broker,
    registry: SCHEMA_REGISTRY_URL === undefined ? undefined : schemaRegistry({ url: SCHEMA_REGISTRY_URL }),
    sinks: tables,
    tables,
    lookups: lookups ? { postgres: lookups } : {},
    log,
    close: async () => {
      await Promise.allSettled([broker, cassandra, postgres, lookups].map((server) => server?.close()))
    },
  }
}
