import { startRandomUserServer } from '../../connectors/http/random-user-server.ts'
import { plain, type Row } from '../e2e/stored-rows.ts'
import { untilCaptured } from '../support/captured.ts'
import { millrace, startMillrace } from '../support/millrace.ts'
import { type PipelineServers, startPipelineServers } from '../support/pipeline-servers.ts'
import { ageBandsCases } from './age-bands.ts'

describe('a shadow with other age bands, on Kafka and Cassandra', () => {
  let servers: PipelineServers

  before(async () => {
    servers = await startPipelineServers()
    const { env } = servers
    await millrace(['apply'], env)
    const api = await startRandomUserServer()
    const capture = startMillrace(['capture'], env)
    try {
      const ingest = ['ingest', '--once', '--results', '500', '--pages', '2']
      await millrace(ingest, { ...env, RANDOM_USER_URL: api.url })
      await untilCaptured(servers)
      await millrace(['run', 'topologies/user-insights.ts', '--until-caught-up'], env)
    } finally {
      await api.close()
      capture.kill('SIGTERM')
      await capture.ended
    }
  })
  after(() => servers?.stop())

  ageBandsCases(() => ({ env: servers.env, rows }))

  async function rows(table: string): Promise<Row[] | undefined> {
    const { name, select } = servers.keyspace
    const known = await select<{ table_name: string }>(
      `SELECT table_name FROM system_schema.tables WHERE keyspace_name = '${name}'`,
    )
    if (!known.some((one) => one.table_name === table)) return undefined
    const rows = (await select<Row>(`SELECT * FROM ${name}.${table}`)).map(plain)
    return rows.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
  }
})
