import { expect } from 'chai'
import { type RandomUserServer, startRandomUserServer } from '../../connectors/http/random-user-server.ts'
import type { Explanation } from '../../lib/explain/explain.ts'
import { headerOf } from '../../lib/record.ts'
import { expectedRows } from '../e2e/expected-rows.ts'
import { plain, type Row, storedRows } from '../e2e/stored-rows.ts'
import { untilCaptured } from '../support/captured.ts'
import { decodedRecords } from '../support/decoded-records.ts'
import { type MillraceProcess, millrace, startMillrace } from '../support/millrace.ts'
import { type PipelineServers, startPipelineServers } from '../support/pipeline-servers.ts'
import { ageBandsCases } from './age-bands.ts'
import { promotionCases } from './promotion/pipeline-cases.ts'

describe('a shadow with other age bands, on Kafka and Cassandra', () => {
  let servers: PipelineServers
  let api: RandomUserServer
  let capture: MillraceProcess

  before(async () => {
    servers = await startPipelineServers()
    const { env } = servers
    await millrace(['apply'], env)
    api = await startRandomUserServer()
    capture = startMillrace(['capture'], env)
    await ingest(2)
    await millrace(['run', 'topologies/user-insights.ts', '--until-caught-up'], env)
  })
  after(async () => {
    capture?.kill('SIGTERM')
    await capture?.ended
    await api?.close()
    await servers?.stop()
  })

  it('should be explained before, record by record: which row each has become', async () => {
    const said = await millrace(['explain', 'users.raw', '0', '0', '--json', '--show-sensitive'], servers.env)
    const { processed, stages }: Explanation = JSON.parse(said)
    expect(processed).to.equal(true)
    const [row] = stages.find(({ step }) => step === 'users-by-id')!.rows
    const id = String((row!.value as Row).user_id)
    expect(row!.found).to.include({ there: true })
    const stored = (await storedRows(servers.keyspace, 'users_by_id', ['user_id'])).get(id)!
    expect(stored.source).to.equal('users.raw/0/0')
  })

  ageBandsCases(() => ({ env: servers.env, rows }))

  promotionCases(() => ({
    env: servers.env,
    users: () => storedRows(servers.keyspace, 'users_by_id', ['user_id']),
    expected: async () => (await expectedRows(servers.env.DATABASE_URL!)).usersById as never,
    ingest: () => ingest(1),
    written,
  }))

  async function ingest(pages: number): Promise<void> {
    const said = ['ingest', '--once', '--results', '500', '--pages', `${pages}`]
    await millrace(said, { ...servers.env, RANDOM_USER_URL: api.url })
    await untilCaptured(servers)
  }

  async function written(): Promise<string[]> {
    const all: string[] = []
    for await (const { key, headers, decoded } of decodedRecords(servers.env, 'users.insights')) {
      const source = decoded === null ? 'deleted' : decoded.source
      all.push(`${key} ${source} ${headerOf(headers, 'millrace.generation')}`)
    }
    return all
  }

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
