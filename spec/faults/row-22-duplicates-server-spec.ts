import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import pg from 'pg'
import { NO_HEADERS, type OutRecord } from '../../lib/record.ts'
import { openKeyspace, type SpecKeyspace } from '../connectors/cassandra/keyspace.ts'
import { consumeCommitted } from '../support/console-consumer.ts'
import { endsOf, produce, type SpecEnvironment, specEnvironment } from '../support/environment.ts'
import { lagOf } from '../support/group.ts'
import { kafkaTool } from '../support/kafka-tool.ts'
import { millrace, startMillrace } from '../support/millrace.ts'
import { servers } from '../support/servers.ts'
import { createSpecDatabase, type SpecDatabase } from '../support/spec-database.ts'
import { PeakMemory } from './support/peak-memory.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'

const file = fileURLToPath(new URL('topologies/newest.ts', import.meta.url))
const name = `newest-${randomBytes(4).toString('hex')}`
const NOON = Date.UTC(2026, 0, 1, 12)
const KEYS = 97
const BACK = 1000

interface Row {
  readonly key: string
  readonly n: number
  /** Of the write that made it, as the server keeps it. */
  readonly clock: number
}

describe('fault row 22: duplicate delivery', function () {
  this.timeout(600_000)
  const memory = new PeakMemory()
  /** Values in the order in which they were sent: every seventh comes twice, some of them long after the first. */
  const input: { readonly key: string; readonly n: number; readonly timestamp: number }[] = []
  let variables: Record<string, string>
  let environment: SpecEnvironment
  let keyspace: SpecKeyspace
  let database: SpecDatabase
  let judge: pg.Client
  let tables: { readonly cassandra: Row[]; readonly postgres: Row[] }
  let rewound: number

  before(async () => {
    environment = specEnvironment()
    keyspace = openKeyspace()
    database = await createSpecDatabase()
    judge = new pg.Client(database.url)
    await judge.connect()
    variables = {
      SPEC_TOPOLOGY: name,
      KAFKA_BROKERS: servers().kafkaBrokers,
      DATABASE_URL: database.url,
      CASSANDRA_CONTACT_POINTS: servers().cassandraContactPoints,
      CASSANDRA_LOCAL_DC: servers().cassandraDatacenter,
      CASSANDRA_KEYSPACE: keyspace.name,
    }
    await millrace(['apply', file], variables)
    for (let n = 0; n < rowRecords(); n++) {
      const record = { key: `k${n % KEYS}`, n, timestamp: NOON + n }
      input.push(record)
      if (n % 7 === 0) input.push(record)
      // Long after newer ones of its key.
      if (n % 7 === 3 && n > 5 * KEYS) input.push(input[input.length - 4 * KEYS]!)
    }
    await produce(environment, input.map(recordOf))
  })

  after(async () => {
    await judge?.end()
    await environment?.close()
    await keyspace?.drop()
    await database?.drop()
  })

  function recordOf({ key, n, timestamp }: (typeof input)[number]): OutRecord {
    return {
      topic: `${name}-in`,
      key: Buffer.from(key),
      value: Buffer.from(JSON.stringify({ key, n })),
      timestamp,
      headers: NO_HEADERS,
    }
  }

  async function run(guarantee: string): Promise<void> {
    const args = ['run', file, '--guarantee', guarantee, '--until-caught-up', '--batch-records', '100']
    const worker = startMillrace(args, variables)
    memory.watch(worker.pid)
    const { code, stderr } = await worker.ended
    expect(code, stderr).to.equal(0)
  }

  /** By plain drivers. */
  async function stored(): Promise<typeof tables> {
    const inCassandra = await keyspace.select<{ key: string; n: number; clock: { toNumber(): number } }>(
      `SELECT key, n, WRITETIME(n) AS clock FROM ${keyspace.name}.newest`,
    )
    const inPostgres = await judge.query('select key, n, write_clock as clock from newest')
    const sorted = (rows: Row[]) => rows.toSorted((a, b) => a.key.localeCompare(b.key))
    return {
      cassandra: sorted(inCassandra.map(({ key, n, clock }) => ({ key, n, clock: Number(clock) }))),
      postgres: sorted(inPostgres.rows.map(({ key, n, clock }) => ({ key, n, clock: Number(clock) }))),
    }
  }

  /** Recomputed from the input: of each key the one with the largest time. */
  function expected(): Row[] {
    const newest = new Map<string, Row>()
    for (const { key, n, timestamp } of input) {
      const clock = timestamp * 1000
      if (clock >= (newest.get(key)?.clock ?? 0)) newest.set(key, { key, n, clock })
    }
    return [...newest.values()].toSorted((a, b) => a.key.localeCompare(b.key))
  }

  /** As many records as were in each partition, or all there were. */
  async function goBack(): Promise<number> {
    const before = await lagOf(name)
    await kafkaTool('consumer.group.ConsumerGroupCommand', [
      ...['--bootstrap-server', servers().kafkaBrokers, '--group', name, '--topic', `${name}-in`],
      ...['--reset-offsets', '--shift-by', String(-BACK), '--execute'],
    ])
    const after = await lagOf(name)
    return after.reduce((sum, { lag }) => sum + lag, 0) - before.reduce((sum, { lag }) => sum + lag, 0)
  }

  it('should write each record of an input with duplicates once, and no other, exactly once', async () => {
    await run('exactly-once')
    const shown = await consumeCommitted(servers().kafkaBrokers, `${name}-out`)
    const counts = (ns: readonly number[]) => {
      const counted = new Map<number, number>()
      for (const n of ns) counted.set(n, (counted.get(n) ?? 0) + 1)
      return counted
    }
    const came = counts(shown.map(({ value }) => JSON.parse(String(value)).n as number))
    const sent = counts(input.map(({ n }) => n))
    const lost = [...sent].reduce((sum, [n, times]) => sum + Math.max(0, times - (came.get(n) ?? 0)), 0)
    const more = [...came].reduce((sum, [n, times]) => sum + Math.max(0, times - (sent.get(n) ?? 0)), 0)
    report({
      ...{ row: 22, fault: 'an input with duplicates, exactly once', kills: 0, records: input.length },
      ...{ lost, duplicated: more, recoverySeconds: null, peakMemory: memory.bytes },
    })
    expect(shown).to.have.length(input.length)
    expect([lost, more]).to.deep.equal([0, 0])
  })

  it('should have in both tables the newest of each key, however late an older one came again', async () => {
    tables = await stored()
    expect(tables.cassandra).to.deep.equal(expected())
    expect(tables.postgres).to.deep.equal(expected())
  })

  for (const guarantee of ['exactly-once', 'at-least-once']) {
    it(`should have the same rows after ${BACK} offsets of each partition were read again, ${guarantee}`, async () => {
      rewound = await goBack()
      expect(rewound).to.be.above(Math.min(4 * BACK, input.length) * 0.75)
      await run(guarantee)
      expect((await lagOf(name)).map(({ lag }) => lag)).to.deep.equal([0, 0, 0, 0])
      const now = await stored()
      const lost = expected().filter(
        (row, i) => row.n !== now.cassandra[i]?.n || row.n !== now.postgres[i]?.n,
      )
      report({
        ...{ row: 22, fault: `${BACK} offsets of each partition read again, ${guarantee}`, kills: 0 },
        ...{
          records: rewound,
          lost: lost.length,
          duplicated: 0,
          recoverySeconds: null,
          peakMemory: memory.bytes,
        },
      })
      expect(now).to.deep.equal(tables)
    })
  }

  it('should have made no dead letter of any of them', async () => {
    expect(await endsOf(environment, `${name}.dlq`)).to.deep.equal([0])
  })
})
