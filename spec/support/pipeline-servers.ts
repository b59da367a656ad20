import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { startKafka } from '../../services/kafka.ts'
import { freePorts } from '../../services/ports.ts'
import { startPostgres } from '../../services/postgres.ts'
import type { RunningServer, StartOptions } from '../../services/server.ts'
import { openKeyspace, type SpecKeyspace } from '../connectors/cassandra/keyspace.ts'
import { servers } from './servers.ts'
import { makeServersDirectory, stopSpecServers } from './spec-servers.ts'

export interface PipelineServers<K extends RunningServer = RunningServer> {
  /** For a child process; `RANDOM_USER_URL` is the spec's own. */
  readonly env: Readonly<Record<string, string>>
  readonly kafka: K
  readonly postgres: RunningServer
  /** To start one of them again after `stop` or `kill`. */
  readonly options: { readonly kafka: StartOptions; readonly postgres: StartOptions }
  readonly keyspace: SpecKeyspace
  /** A plain `pg` client's answer. */
  sql<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** Stops what runs of it and removes all data. */
  stop(): Promise<void>
}

/**
 * A Kafka and a PostgreSQL of a spec file's own, and a keyspace on the shared Cassandra: the pipeline's topics,
 * consumer group and slot have fixed names, so that two specs can't share them.
 */
export function startPipelineServers(): Promise<PipelineServers> {
  return startPipelineServersOn(startKafka)
}

/** The same on another Kafka. */
export async function startPipelineServersOn<K extends RunningServer>(
  startItsKafka: (options: StartOptions) => Promise<K>,
): Promise<PipelineServers<K>> {
  const { registryUrl, cassandraContactPoints, cassandraDatacenter } = servers()
  const dir = await makeServersDirectory()
  const [kafkaPort, controllerPort, postgresPort] = await freePorts(3)
  const options = {
    kafka: { dir, port: kafkaPort, internalPort: controllerPort },
    postgres: { dir, port: postgresPort },
  }
  const started = await Promise.allSettled([
    startItsKafka(options.kafka),
    startPostgres(options.postgres),
    openKeyspace(),
  ] as const)
  const [kafka, postgres, keyspace] = started
  if (kafka.status === 'rejected' || postgres.status === 'rejected' || keyspace.status === 'rejected') {
    if (keyspace.status === 'fulfilled') await keyspace.value.drop()
    await stopSpecServers(dir)
    throw started.find((outcome) => outcome.status === 'rejected')?.reason
  }
  const pool = new pg.Pool({ connectionString: postgres.value.env.DATABASE_URL, max: 2 })
  // An idle connection ends with its server, which a spec may stop.
  pool.on('error', () => {})
  return {
    env: {
      ...kafka.value.env,
      ...postgres.value.env,
      SCHEMA_REGISTRY_URL: registryUrl,
      CASSANDRA_CONTACT_POINTS: cassandraContactPoints,
      CASSANDRA_LOCAL_DC: cassandraDatacenter,
      CASSANDRA_KEYSPACE: keyspace.value.name,
      // What an earlier spec's worker has kept is of another Kafka.
      MILLRACE_STATE_DIR: join(dir, 'state'),
    },
    kafka: kafka.value,
    postgres: postgres.value,
    options,
    keyspace: keyspace.value,
    sql: async <Row>(text: string, values: readonly unknown[] = []) =>
      (await pool.query(text, [...values])).rows as Row[],
    stop: async () => {
      await pool.end()
      await Promise.all([keyspace.value.drop(), stopSpecServers(dir)])
      await rm(dir, { recursive: true, force: true })
    },
  }
}
