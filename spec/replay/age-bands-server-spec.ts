import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { type RandomUserServer, startRandomUserServer } from '../../connectors/http/random-user-server.ts'
import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import { headerOf } from '../../lib/record.ts'
import { rangesOf } from '../../lib/verify/topic-tables.ts'
import { expectedRows } from '../e2e/expected-rows.ts'
import { plain, type Row, storedRows } from '../e2e/stored-rows.ts'
import { untilCaptured } from '../support/captured.ts'
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
    const registry = new SchemaRegistry({ host: servers.env.SCHEMA_REGISTRY_URL! })
    const broker = kafkaBroker({ brokers: [servers.env.KAFKA_BROKERS!] })
    const all: string[] = []
    try {
      for await (const { records } of broker.read(await rangesOf(broker, 'users.insights'))) {
        for (const { key, value, headers } of records) {
          const source = value === null ? 'deleted' : (await registry.decode(value)).source
          all.push(`${key} ${source} ${headerOf(headers, 'millrace.generation')}`)
        }
      }
    } finally {
      await broker.close()
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
