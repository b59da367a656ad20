import { PIPELINE_VARIABLES } from '../../../lib/cli/pipeline.ts'
import { type Connected, connect } from '../../../lib/cli/servers/connect.ts'
import { SILENT } from '../../../lib/log.ts'
import { embeddedStage, select } from '../../support/embedded.ts'
import { startPipelineServers } from '../../support/pipeline-servers.ts'

export type PlainRow = Readonly<Record<string, unknown>>

/** A pipeline in which things go wrong: its servers, ways to break it, and a plain client that judges its tables. */
export interface FaultStage {
  /** For `millrace …`, beside RANDOM_USER_URL. */
  readonly env: Readonly<Record<string, string>>
  /** Of every command. */
  readonly flags: readonly string[]
  /** Once the pipeline has been there. */
  open(): Promise<Connected<'DATABASE_URL'>>
  /** As a plain client reads it; undefined where there is none. */
  row(table: string, key: Readonly<Record<string, string>>): Promise<PlainRow | undefined>
  stop(): Promise<void>
}

/** A log on disk, a PostgreSQL of its own and tables in it. */
export async function embeddedFaults(): Promise<FaultStage> {
  const stage = embeddedStage()
  let opened: Connected | undefined
  return {
    env: stage.env,
    flags: ['--embedded', 'kafka', 'registry', 'postgres', 'cassandra'],
    open: async () => {
      const connected = await within(stage.env, () => connect(PIPELINE_VARIABLES, 'spec', {}, SILENT))
      opened = connected as unknown as Connected
      return connected
    },
    row: async (table, key) => {
      const where = Object.entries(key).map(([column, value]) => `${column} = '${value}'`)
      const [found] = await select<{ row: PlainRow }>(
        stage.databaseUrl(),
        `SELECT to_jsonb(stored) - 'write_clock' AS row FROM insights.${table} AS stored WHERE NOT deleted AND ${where.join(' AND ')}`,
      )
      return found?.row
    },
    stop: async () => {
      await opened?.close()
      await stage.remove()
    },
  }
}

/** Kafka, registry, PostgreSQL and Cassandra. */
export async function realFaults(): Promise<FaultStage> {
  const servers = await startPipelineServers()
  let opened: Connected | undefined
  return {
    env: servers.env,
    flags: [],
    open: async () => {
      const connected = await within(servers.env, () => connect(PIPELINE_VARIABLES, 'spec', {}, SILENT))
      opened = connected as unknown as Connected
      return connected
    },
    row: async (table, key) => {
      const where = Object.entries(key).map(([column, value]) =>
        column === 'user_id' ? `${column} = ${value}` : `${column} = '${value}'`,
      )
      const [found] = await servers.keyspace.select<{ '[json]': string }>(
        `SELECT JSON * FROM ${servers.keyspace.name}.${table} WHERE ${where.join(' AND ')}`,
      )
      return found && JSON.parse(found['[json]'])
    },
    stop: async () => {
      await opened?.close()
      await servers.stop()
    },
  }
}

/** The command line's own way to its servers reads the environment. */
async function within<T>(env: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env }
  Object.assign(process.env, env)
  try {
    return await work()
  } finally {
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  }
}
