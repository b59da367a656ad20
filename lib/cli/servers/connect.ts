import type { Command } from 'commander'
import type { Broker } from '../../broker/broker.ts'
import type { Logger } from '../../log.ts'
import type { LookupConnector, SchemaRegistry, TableReader } from '../../ports.ts'
import type { Environment } from '../../runtime/environment.ts'
import type { Config, Variable } from '../config.ts'
import { logger } from '../log.ts'
import { chooseServers, type ServerName } from './choice.ts'
import type { Embedded } from './embedded.ts'

export interface Connected<N extends Variable = never> extends Environment {
  /** What the variables say; of an embedded server, its address. */
  readonly settings: Config<N>
  /** For reading tables back, by the connector that a target names. */
  readonly tables: Readonly<Record<string, TableReader>>
  /** Whether anything stands in for a server. */
  readonly embedded: boolean
  close(): Promise<void>
}

export interface ServerFlags {
  readonly embedded?: string[]
}

export function withServers(command: Command): Command {
  return command.option(
    '--embedded <server...>',
    'a stand-in for kafka, registry, postgres, cassandra or api (without any variable set: for all)',
  )
}

/**
 * Puts the servers together that a command needs: the one place that knows both `lib` and `connectors`.
 *
 * @throws MillraceError `CONFIG` naming the variables that are missing or wrong.
 */
export async function connect<N extends Variable>(
  needs: readonly N[],
  name: string,
  flags: ServerFlags,
  log: Logger = logger(name),
): Promise<Connected<N>> {
  const { settings, embedded } = chooseServers(needs, flags.embedded)
  const standIns = embedded.size === 0 ? undefined : await openStandIns(embedded, log)
  const known = withAddresses<N>(settings, standIns)
  const servers = await openServers(known as Partial<Config>, log, standIns)
  return {
    ...servers,
    log,
    settings: known,
    embedded: embedded.size > 0,
    close: async () => {
      await servers.close()
      await standIns?.close()
    },
  }
}

/** For commands that need the database and the API alone. */
export async function connectStaging<N extends Variable>(
  needs: readonly N[],
  log: Logger,
  flags: ServerFlags,
) {
  const { settings, embedded } = chooseServers(needs, flags.embedded)
  const standIns = embedded.size === 0 ? undefined : await openStandIns(embedded, log)
  return { settings: withAddresses<N>(settings, standIns), close: async () => standIns?.close() }
}

async function openStandIns(names: ReadonlySet<ServerName>, log: Logger): Promise<Embedded> {
  const { openEmbedded } = await import('./embedded.ts')
  return openEmbedded(names, log)
}

function withAddresses<N extends Variable>(
  settings: Partial<Config>,
  standIns: Embedded | undefined,
): Config<N> {
  return {
    ...settings,
    DATABASE_URL: settings.DATABASE_URL ?? standIns?.databaseUrl,
    RANDOM_USER_URL: settings.RANDOM_USER_URL ?? standIns?.apiUrl,
  } as unknown as Config<N>
}

type Servers = Pick<Connected, 'broker' | 'registry' | 'sinks' | 'lookups' | 'tables' | 'close'>

async function openServers(
  settings: Partial<Config>,
  log: Logger,
  standIns: Embedded | undefined,
): Promise<Servers> {
  const { postgresConnector } = await import('../../../connectors/postgres/sink/connector.ts')
  const { DATABASE_URL } = settings
  const broker = standIns?.broker ?? (await kafka(settings, log))
  const lookups = await postgresLookUps(DATABASE_URL)
  const postgres =
    DATABASE_URL === undefined ? undefined : postgresConnector({ databaseUrl: DATABASE_URL, logger: log })
  const cassandra = (await realCassandra(settings, log)) ?? inItsPlace(standIns, settings)
  const tables = { ...(cassandra && { cassandra }), ...(postgres && { postgres }) }
  return {
    broker,
    registry: standIns?.registry ?? (await confluent(settings)),
    sinks: tables,
    tables,
    lookups: (lookups ? { postgres: lookups } : {}) as Record<string, LookupConnector>,
    close: async () => {
      const open =
        standIns?.broker === undefined
          ? [broker, cassandra, postgres, lookups]
          : [cassandra, postgres, lookups]
      await Promise.allSettled(open.map((server) => server?.close()))
    },
  }

  /** The same tables in PostgreSQL, where nothing else is: a schema of the keyspace's name. */
  function inItsPlace(embedded: Embedded | undefined, { CASSANDRA_CONTACT_POINTS }: Partial<Config>) {
    if (embedded?.databaseUrl === undefined || CASSANDRA_CONTACT_POINTS !== undefined) return undefined
    return postgresConnector({ databaseUrl: embedded.databaseUrl, schema: 'insights', logger: log })
  }
}

async function kafka({ KAFKA_BROKERS }: Partial<Config>, log: Logger): Promise<Broker> {
  const { kafkaBroker } = await import('../../../connectors/kafka/broker.ts')
  return kafkaBroker({
    brokers: KAFKA_BROKERS ?? [],
    logger: ({ level, message, context }) => log[level === 'info' ? 'debug' : level]({ ...context }, message),
  })
}

async function confluent({ SCHEMA_REGISTRY_URL: url }: Partial<Config>): Promise<SchemaRegistry | undefined> {
  if (url === undefined) return undefined
  const { schemaRegistry } = await import('../../contract/registry.ts')
  return schemaRegistry({ url })
}

async function postgresLookUps(databaseUrl: string | undefined) {
  if (databaseUrl === undefined) return undefined
  const { postgresLookups } = await import('../../../connectors/postgres/lookup/lookup.ts')
  return postgresLookups({ databaseUrl })
}

async function realCassandra(settings: Partial<Config>, log: Logger) {
  const { CASSANDRA_CONTACT_POINTS: contactPoints, CASSANDRA_LOCAL_DC, CASSANDRA_KEYSPACE } = settings
  if (contactPoints === undefined) return undefined
  const { cassandraConnector } = await import('../../../connectors/cassandra/connector.ts')
  return cassandraConnector({
    contactPoints,
    localDataCenter: CASSANDRA_LOCAL_DC!,
    keyspace: CASSANDRA_KEYSPACE!,
    logger: log,
  })
}
