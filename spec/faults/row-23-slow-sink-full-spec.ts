import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import pg from 'pg'
import { NO_HEADERS, type OutRecord } from '../../lib/record.ts'
import { produce, type SpecEnvironment, specEnvironment } from '../support/environment.ts'
import { lagOf, membersOf } from '../support/group.ts'
import { type MillraceProcess, millrace, startMillrace } from '../support/millrace.ts'
import { residentBytes } from '../support/process-memory.ts'
import { servers } from '../support/servers.ts'
import { createSpecDatabase, type SpecDatabase } from '../support/spec-database.ts'
import { until } from '../support/until.ts'
import { PeakMemory } from './support/peak-memory.ts'
import { report } from './support/report.ts'

const file = fileURLToPath(new URL('topologies/slow-rows.ts', import.meta.url))
const name = `slow-${randomBytes(4).toString('hex')}`
const MINUTE = 60_000
const SOAK = 10 * MINUTE
const BACKLOG = 50_000
const PARTITIONS = 4
/** Rows a second: four partitions, each of which waits 0.4 s for a row. */
const SINK_RATE = 10
const SOURCE_RATE = 1000
/** A micro-batch takes the slow table eight seconds. */
const BATCH = 20

interface Sample {
  readonly at: number
  readonly memory: number
}

describe('fault row 23: ten minutes before a table that is a hundred times slower than the source', function () {
  this.timeout(20 * MINUTE)
  const memory = new PeakMemory()
  const samples: Sample[] = []
  let environment: SpecEnvironment
  let database: SpecDatabase
  let judge: pg.Client
  let worker: MillraceProcess
  let sent = 0
  let members: { readonly before: string[]; readonly after: string[] }
  let lag: Awaited<ReturnType<typeof lagOf>>
  let stored: Map<number, { readonly rows: number; readonly covered: number }>

  before(async () => {
    environment = specEnvironment()
    database = await createSpecDatabase()
    judge = new pg.Client(database.url)
    await judge.connect()
    const variables = {
      SPEC_TOPOLOGY: name,
      KAFKA_BROKERS: servers().kafkaBrokers,
      DATABASE_URL: database.url,
    }
    await millrace(['apply', file], variables)
    await judge.query(`create function slowly() returns trigger language plpgsql as
      $$ begin perform pg_sleep(${PARTITIONS / SINK_RATE}); return new; end $$`)
    await judge.query(
      'create trigger slowly before insert on slow_rows for each row execute function slowly()',
    )
    while (sent < BACKLOG) await send(1000)
    worker = startMillrace(['run', file, '--batch-records', String(BATCH)], variables)
    memory.watch(worker.pid)
    await until('the first rows are there', async () => (await count()) > 0)
    const before = await membersOf(name)
    await soak()
    members = { before, after: await membersOf(name) }
    lag = (await lagOf(name)).toSorted((a, b) => a.partition - b.partition)
    stored = new Map()
    for (const one of lag) stored.set(one.partition, await storedOf(one))
    report({
      ...{
        row: 23,
        fault: `a table of ${SINK_RATE} rows/s before ${SOURCE_RATE} records/s, 10 minutes`,
        kills: 0,
      },
      ...{ records: sent, lost: lost(), duplicated: 0, recoverySeconds: null, peakMemory: memory.bytes },
    })
  })

  after(async () => {
    worker?.kill('SIGKILL')
    await judge?.end()
    await environment?.close()
    await database?.drop()
  })

  async function send(records: number): Promise<void> {
    const batch = Array.from({ length: records }, (): OutRecord => {
      const n = sent++
      const value = JSON.stringify({ n, padding: 'p'.repeat(200) })
      return {
        topic: `${name}-in`,
        key: Buffer.from(String(n)),
        value: Buffer.from(value),
        timestamp: 1_700_000_000_000 + n,
        headers: NO_HEADERS,
      }
    })
    await produce(environment, batch)
  }

  /** The source goes on, and what the worker takes is looked at every second. */
  async function soak(): Promise<void> {
    const since = Date.now()
    let produced = 0
    while (Date.now() - since < SOAK) {
      const at = Date.now() - since
      samples.push({ at, memory: residentBytes(worker.pid) })
      const due = Math.round((at / 1000) * SOURCE_RATE) - produced
      if (due > 0) await send(due)
      produced += due
      await delay(1000)
    }
  }

  const count = async () => Number((await judge.query('select count(*) from slow_rows')).rows[0].count)

  async function storedOf({
    partition,
    committed,
  }: {
    readonly partition: number
    readonly committed: number
  }) {
    const { rows } = await judge.query(
      `select count(*) as rows, count(*) filter (where "offset" < $2) as covered from slow_rows where partition = $1`,
      [partition, committed],
    )
    return { rows: Number(rows[0].rows), covered: Number(rows[0].covered) }
  }

  const lost = () =>
    lag.reduce((sum, { partition, committed }) => sum + committed - stored.get(partition)!.covered, 0)

  const memoryAt = (from: number, to: number) => {
    const found = samples.filter(({ at }) => at >= from && at < to).map(({ memory }) => memory)
    return found.toSorted((a, b) => a - b)[found.length >> 1]!
  }

  it('should have been fed a hundred times faster than the table is', async () => {
    const rows = [...stored.values()].reduce((sum, one) => sum + one.rows, 0)
    const seconds = SOAK / 1000
    expect(sent - BACKLOG).to.be.above(0.95 * SOURCE_RATE * seconds)
    expect(rows).to.be.within(0.5 * SINK_RATE * seconds, 1.1 * SINK_RATE * seconds)
  })

  it('should need no more memory at minute 10 than 1.1 times that of minute 2', () => {
    const [second, tenth] = [memoryAt(1.75 * MINUTE, 2.25 * MINUTE), memoryAt(9.5 * MINUTE, 10 * MINUTE)]
    const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1)
    console.log(`      ${mib(second)} MiB at minute 2, ${mib(tenth)} MiB at minute 10`)
    expect(tenth).to.be.at.most(1.1 * second)
  })

  it('should have kept its place in the group', () => {
    expect(members.before).to.have.length(1)
    expect(members.after).to.deep.equal(members.before)
    expect(worker.stderr.match(/"assigned"/g)).to.have.length(1)
  })

  it('should show an honest lag: all that is committed is stored, and little else is', () => {
    expect(lost()).to.equal(0)
    expect(lag.reduce((sum, { end }) => sum + end, 0)).to.equal(sent)
    for (const { partition, committed } of lag) {
      // One micro-batch written and not committed, and one in the table's hands.
      expect(stored.get(partition)!.rows - committed).to.be.within(0, 2 * BATCH)
    }
  })

  it('should go on at once when the table is fast again', async () => {
    await judge.query('drop trigger slowly on slow_rows')
    const before = await count()
    await until('10,000 rows more are there', async () => (await count()) > before + 10_000)
  })
})
