import { MillraceError } from '../../errors.ts'
import { type Config, config, type Variable } from '../config.ts'

/** A server that millrace works on, by the name that `--embedded` takes. */
export type ServerName = 'kafka' | 'registry' | 'postgres' | 'cassandra' | 'api'

/** The variable whose being set means the real server. */
export const SERVERS: Readonly<Record<ServerName, Variable>> = {
  kafka: 'KAFKA_BROKERS',
  registry: 'SCHEMA_REGISTRY_URL',
  postgres: 'DATABASE_URL',
  cassandra: 'CASSANDRA_CONTACT_POINTS',
  api: 'RANDOM_USER_URL',
}

/** What stands in for a server in the embedded mode. */
export const STAND_INS: Readonly<Record<ServerName, string>> = {
  kafka: 'a durable log on disk',
  registry: 'schemas on disk',
  postgres: 'a PostgreSQL of its own',
  cassandra: 'tables in a PostgreSQL of its own',
  api: 'recorded users, served on this machine',
}

export interface Chosen {
  /** Of the variables asked for, those of real servers. */
  readonly settings: Partial<Config<Variable>>
  readonly embedded: ReadonlySet<ServerName>
}

/**
 * Real servers where variables are set, all embedded where none is. Never a mixture unless `--embedded NAME` says so:
 * a variable that was forgotten is an error, not another database.
 *
 * @throws MillraceError `CONFIG` naming what is missing.
 */
export function chooseServers(
  needs: readonly Variable[],
  named: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env,
): Chosen {
  const names = Object.keys(SERVERS) as ServerName[]
  const unknown = named.find((name) => !Object.hasOwn(SERVERS, name))
  if (unknown !== undefined) {
    throw new MillraceError('CONFIG', `--embedded ${unknown}: choose from ${names.join(', ')}`)
  }
  const isSet = (name: ServerName) => Boolean(env[SERVERS[name]] || env[`${SERVERS[name]}_FILE`])
  const contradicted = names.find((name) => named.includes(name) && isSet(name))
  if (contradicted !== undefined) {
    throw new MillraceError(
      'CONFIG',
      `--embedded ${contradicted}, but ${SERVERS[contradicted]} is set; take one back`,
    )
  }
  const none = !names.some(isSet)
  const embedded = new Set(
    names.filter((name) => needs.includes(SERVERS[name]) && (none || named.includes(name))),
  )
  const real = needs.filter(
    (variable) => !names.some((name) => embedded.has(name) && belongs(variable, name)),
  )
  return { settings: config(real, env), embedded }
}

/** `CASSANDRA_LOCAL_DC` says nothing where PostgreSQL stands in for Cassandra. */
function belongs(variable: Variable, name: ServerName): boolean {
  return variable === SERVERS[name] || (name === 'cassandra' && variable.startsWith('CASSANDRA_'))
}
