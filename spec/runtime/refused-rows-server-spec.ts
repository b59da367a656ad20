import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { cassandraConnector } from '../../connectors/cassandra/connector.ts'
import { cassandra } from '../../connectors/cassandra/index.ts'
import { kafka } from '../../connectors/kafka/index.ts'
import { postgres } from '../../connectors/postgres/index.ts'
import { postgresConnector } from '../../connectors/postgres/sink/connector.ts'
import { type Environment, json, sink, startWorker, topology } from '../../lib/index.ts'
import { NO_HEADERS, type OutRecord } from '../../lib/record.ts'
import { openKeyspace, type SpecKeyspace } from '../connectors/cassandra/keyspace.ts'
import { consumeCommitted } from '../support/console-consumer.ts'
import { applyTopology, produce, type SpecEnvironment, specEnvironment } from '../support/environment.ts'
import { servers } from '../support/servers.ts'
import { createSpecDatabase, type SpecDatabase } from '../support/spec-database.ts'

const RECORDS = 300
/** In one micro-batch: a value that a constraint refuses, a key longer than Cassandra's keys are. */
const TOO_LARGE = [7, 8, 250]
const TOO_LONG = [0, 123]
const columns = { id: 'text', n: 'int' } as const

describe('rows that tables refuse, among others of their micro-batch', () => {
  let kafkaOnly: SpecEnvironment
  let keyspace: SpecKeyspace
  let database: SpecDatabase
  let environment: Environment
  let close: () => Promise<void>

  after(async () => {
    await close?.()
    await kafkaOnly?.close()
    await keyspace?.drop()
    await database?.drop()
  })

  before(async () => {
    kafkaOnly = specEnvironment()
    keyspace = openKeyspace()
    database = await createSpecDatabase()
    const inCassandra = cassandraConnector(keyspace.settings)
    const inPostgres = postgresConnector({ databaseUrl: database.url })
    environment = { ...kafkaOnly, sinks: { cassandra: inCassandra, postgres: inPostgres } }
    close = async () => {
      await inCassandra.close()
      await inPostgres.close()
    }
  })

  for (const guarantee of ['at-least-once', 'exactly-once'] as const) {
    it(`should become dead letters, each once, and the others be written: ${guarantee}`, async () => {
      const name = `refused-${randomBytes(4).toString('hex')}`
      const table = name.replace('-', '_')
      const said = topology(name, ({ source }) => {
        const input = source(
          'in',
          kafka(`${name}-in`, { value: json<{ id: string; n: number }>(), partitions: 1 }),
        )
        input.pipe(sink('cassandra', cassandra(table, { columns, primaryKey: { partition: ['id'] } })))
        input.pipe(sink('postgres', postgres(table, { columns, primaryKey: ['id'] })))
      })
      await applyTopology(said, environment)
      await database.database.query(
        'constrain',
        `alter table ${table} add constraint small check (n < 1000000)`,
      )
      await produce(
        environment,
        Array.from({ length: RECORDS }, (_, n) => recordOf(name, n)),
      )
      const worker = await startWorker({ topology: said, environment, guarantee, untilCaughtUp: true })
      await worker.done

      const letters = await consumeCommitted(servers().kafkaBrokers, `${name}.dlq`)
      const told = letters.map(({ value, headers }) => {
        const { n } = JSON.parse(String(value))
        return `${n % 1_000_000} ${[...headers.values()].find((one) => one === 'cassandra' || one === 'postgres')}`
      })
      expect(told).to.have.members([
        ...TOO_LARGE.map((n) => `${n} postgres`),
        ...TOO_LONG.map((n) => `${n} cassandra`),
      ])
      const all = Array.from({ length: RECORDS }, (_, n) => n)
      const inPostgres = await database.database.query<{ n: number }>(
        'judge',
        `select n from ${table} order by n`,
      )
      expect(inPostgres.map(({ n }) => n)).to.deep.equal(all.filter((n) => !TOO_LARGE.includes(n)))
      const inCassandra = await keyspace.select<{ n: number }>(`SELECT n FROM ${keyspace.name}.${table}`)
      const stored = inCassandra
        .map(({ n }) => (n >= 1_000_000 ? n - 1_000_000 : n))
        .toSorted((a, b) => a - b)
      expect(stored).to.deep.equal(all.filter((n) => !TOO_LONG.includes(n)))
      expect(worker.counters.get('postgres', 'refused')).to.equal(TOO_LARGE.length)
      expect(worker.counters.get('cassandra', 'refused')).to.equal(TOO_LONG.length)
    })
  }
})

function recordOf(name: string, n: number): OutRecord {
  // Short in PostgreSQL, which compresses it: its indexes take it.
  const id = TOO_LONG.includes(n) ? `${n}${'k'.repeat(70_000)}` : String(n)
  const value = JSON.stringify({ id, n: TOO_LARGE.includes(n) ? n + 1_000_000 : n })
  return {
    topic: `${name}-in`,
    key: Buffer.from(String(n)),
    value: Buffer.from(value),
    timestamp: 1_767_268_800_000 + n,
    headers: NO_HEADERS,
  }
}
