import { expect } from 'chai'
import { startRandomUserServer } from '../../connectors/http/random-user-server.ts'
import { expectedRows } from '../e2e/expected-rows.ts'
import { plain, type Row } from '../e2e/stored-rows.ts'
import { untilCaptured } from '../support/captured.ts'
import { decodedRecords } from '../support/decoded-records.ts'
import { type MillraceProcess, millrace, startMillrace } from '../support/millrace.ts'
import { type PipelineServers, startPipelineServers } from '../support/pipeline-servers.ts'
import { type Countries, expectedCounts, expectedInsight, numberOf } from './backfill/derived-users.ts'
import { openRawTopic, type Places } from './backfill/raw-topic.ts'
import { Reader } from './backfill/reader.ts'
import { Watch } from './backfill/watch.ts'
import { isFull } from './size.ts'

const INSIGHTS = 'topologies/user-insights.ts'
const USERS = isFull() ? 1_000_000 : 2000
/** Between two users. Milliseconds. */
const SPACING = isFull() ? 10 : 100
const INGESTED = 500
/** Shares of all records at which it is killed: the greater part is left for the last process, whose estimate is judged. */
const KILLS = [0.04, 0.08, 0.12]
/** What Node, the clients and what is in flight take, whatever the number of records. */
const MOST_MIB = 1500

describe(`a backfill of ${USERS} users into Cassandra beside live ingest, killed three times`, function () {
  this.timeout(isFull() ? 3_600_000 : 300_000)
  let servers: PipelineServers
  let places: Places
  let watches: Watch[]
  let countries: Countries

  before(async () => {
    servers = await startPipelineServers()
    const { env } = servers
    await millrace(['apply'], env)
    const raw = await openRawTopic(env)
    places = await raw.fill(USERS, SPACING)
    // The live application has not read what is there: that is what the backfill is for.
    await millrace(['reset', INSIGHTS, '--to-latest', '--execute'], env)
    await millrace(['apply'], env)
    const live = [startMillrace(['capture'], env), startMillrace(['run', INSIGHTS], env)]
    const api = await startRandomUserServer()
    try {
      await live[1]!.printed(/assigned/)
      await raw.add('again', USERS)
      watches = await backfill(env, async () => {
        await raw.add('later', USERS)
        const ingest = ['ingest', '--once', '--results', String(INGESTED)]
        await millrace(ingest, { ...env, RANDOM_USER_URL: api.url })
        await untilCaptured(servers)
      })
    } finally {
      await raw.close()
      await api.close()
      await drained(live)
    }
    await millrace(['run', INSIGHTS, '--until-caught-up'], env)
    const rows = await servers.sql<{ country_code: string } & Row>('SELECT * FROM reference.countries')
    countries = new Map(rows.map((row) => [row.country_code, row])) as unknown as Countries
  })

  after(() => servers?.stop())

  it('should go on where it was killed, and say so', () => {
    expect(watches).to.have.length(KILLS.length + 1)
    const last = watches.at(-1)!
    for (const { resumed } of watches.slice(1)) expect(resumed).to.be.above(0)
    expect(last.records).to.equal(last.total - last.resumed!)
    // What was in hand when it was killed comes again, and no more.
    expect(last.read).to.be.at.most(last.total * (1 - KILLS.at(-1)! / 2))
  })

  it('should hold the rows that a plain script makes of the newest record of each user', async () => {
    const ingested = (await expectedRows(servers.env.DATABASE_URL!)).usersById
    let [derived, live, wrong] = [0, 0, 0]
    const examples: string[] = []
    await each('users_by_id', (row) => {
      const n = numberOf(String(row.user_id))
      const { source, ...columns } = row
      const expected =
        n === undefined ? ingested.get(String(row.user_id)) : expectedInsight(n, SPACING, countries)
      if (n === undefined) live++
      else derived++
      if (isSame(columns, expected) && (n === undefined || isFrom(n, String(source)))) return
      wrong++
      if (examples.length < 3) examples.push(JSON.stringify({ row, expected }))
    })
    expect({ derived, live, wrong, examples }).to.deep.equal({
      ...{ derived: USERS, live: ingested.size, wrong: 0, examples: [] },
    })
  })

  it('should hold them by country', async () => {
    const { usersByCountry } = await expectedRows(servers.env.DATABASE_URL!)
    let [rows, wrong] = [0, 0]
    await each('users_by_country', (row) => {
      const n = numberOf(String(row.user_id))
      const insight = n === undefined ? undefined : expectedInsight(n, SPACING, countries)
      const columns = Object.keys(row) as (keyof typeof row & keyof NonNullable<typeof insight>)[]
      const expected =
        insight === undefined
          ? usersByCountry.get(`${row.country_code}/${row.user_id}`)
          : Object.fromEntries(columns.map((column) => [column, insight[column]]))
      rows++
      if (!isSame(row, expected)) wrong++
    })
    expect({ rows, wrong }).to.deep.equal({ rows: USERS + usersByCountry.size, wrong: 0 })
  })

  it('should have counted every user once, those that came late to live among these', async () => {
    const expected = expectedCounts(USERS, SPACING)
    const found = new Map<string, number>()
    const add = ({ country_code, window_start }: Row, users: unknown) => {
      const window = `${country_code}/${window_start}`
      if (expected.has(window)) found.set(window, (found.get(window) ?? 0) + Number(users))
    }
    await each('user_counts_by_country', (row) => add(row, row.users))
    for await (const { decoded } of decodedRecords(servers.env, 'users.late')) add(decoded!, 1)
    const wrong = [...expected].filter(([window, users]) => found.get(window) !== users)
    expect(wrong.slice(0, 3), `${wrong.length} of ${expected.size}`).to.deep.equal([])
  })

  it('should have said how much memory it took, within bounds', () => {
    const [report, mib] = watches.at(-1)!.peak
    console.log(report)
    expect(mib).to.be.within(50, MOST_MIB)
  })

  // Of a few seconds a fifth is less than the line every two seconds can say.
  if (isFull()) {
    it('should have said after the first fifth when it would be done, within a fifth', () => {
      const { left, took } = watches.at(-1)!.afterTheFirst(1 / 5)
      expect(left).to.be.within(took * 0.8, took * 1.2)
    })
  }

  /** Runs it, killed at each of the shares; `meanwhile` once it has begun. */
  async function backfill(env: PipelineServers['env'], meanwhile: () => Promise<void>): Promise<Watch[]> {
    const command = ['replay', INSIGHTS, ...(isFull() ? [] : ['--rate', '150/s'])]
    const found: Watch[] = []
    let going: Promise<void> | undefined
    for (const share of [...KILLS, undefined]) {
      const watch = new Watch(startMillrace(command, env))
      found.push(watch)
      if (share === undefined) await watch.ended()
      else await watch.killedAt(share)
      going ??= meanwhile()
    }
    await going
    return found
  }

  function isFrom(n: number, source: string): boolean {
    const newest = expectedInsight(n, SPACING, countries)
    if (newest.city?.endsWith(` ${n}`)) return /^users\.raw\/\d+\/\d+$/.test(source)
    return source === `users.raw/${places.partitions[n]}/${places.offsets[n]}`
  }

  async function each(table: string, look: (row: Row) => void): Promise<void> {
    await new Reader(servers.keyspace.settings).each(table, (row) => look(plain(row)))
  }
})

function isSame(row: Row, expected: Row | undefined): boolean {
  if (expected === undefined) return false
  return Object.keys({ ...row, ...expected }).every((column) => Object.is(row[column], expected[column]))
}

async function drained(processes: readonly MillraceProcess[]): Promise<void> {
  for (const one of processes) one.kill('SIGTERM')
  await Promise.all(processes.map(({ ended }) => ended))
}
