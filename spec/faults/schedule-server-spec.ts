import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type RandomUserServer, startRandomUserServer } from '../../connectors/http/random-user-server.ts'
import { usersOf } from '../../connectors/http/recorded-users.ts'
import type { IngestRun } from '../../connectors/postgres/staging/ingest-run.ts'
import { stagingResources } from '../../connectors/postgres/staging/staging-tables.ts'
import { seededRandom } from '../../lib/testing/random.ts'
import { millrace } from '../support/millrace.ts'
import { createSpecDatabase, type SpecDatabase } from '../support/spec-database.ts'
import { until } from '../support/until.ts'
import { Crew } from './schedule/crew.ts'
import { VirtualTime } from './schedule/fast-clock.ts'
import { Journal, overlaps } from './schedule/journal.ts'
import { PAGE_SIZE, SEED } from './schedule/scheduler-process.ts'

const DAY = Date.parse('2026-11-22T00:00:00Z')
const HOUR = 3_600_000
const INTERVAL = 300_000
const INTERVALS = 288
/** The hours in which the API is down, by the intervals due after the first and up to the second. */
const OUTAGE = [9, 12] as const
const KILLS = 10

describe('a schedule of five minutes, on a fast clock', () => {
  let spec: SpecDatabase
  let api: RandomUserServer
  let apiIsDown: boolean
  let dir: string
  let time: VirtualTime
  let journal: Journal
  let crew: Crew | undefined

  before(async () => {
    spec = await createSpecDatabase()
    for (const resource of stagingResources(spec.database)) await resource.create()
    for (const statement of TRANSITIONS) await spec.database.query('watch runs', statement)
    api = await startRandomUserServer({
      faults: () => (apiIsDown ? { kind: 'status', status: 503 } : { kind: 'delay', ms: 5 }),
    })
    dir = mkdtempSync(join(tmpdir(), 'millrace-schedule-'))
  })
  beforeEach(async () => {
    apiIsDown = false
    await spec.database.query('empty', 'truncate millrace.ingest_runs, staging.random_users, transitions')
    const file = join(dir, `${Date.now()}.jsonl`)
    writeFileSync(file, '')
    journal = new Journal(file)
  })
  afterEach(() => crew?.dismiss('SIGKILL'))
  after(async () => {
    await api?.close()
    await spec?.drop()
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true })
  })

  function hire(begin: number, catchUp: number): void {
    time = new VirtualTime(join(dir, `${begin}-${catchUp}.json`), begin)
    crew = new Crew(
      { databaseUrl: spec.url, apiUrl: api.url, journal: journal.file, time: time.file, catchUp },
      journal,
    )
  }

  const history = async (): Promise<
    Array<Omit<IngestRun, 'dueAt'> & { dueAt: string; seconds: number | null }>
  > =>
    JSON.parse(
      await millrace(['ingest', '--history', '--json', '--limit', '300'], { DATABASE_URL: spec.url }),
    )

  async function succeeded(): Promise<number> {
    const [row] = await spec.database.query<{ runs: number }>(
      'count',
      `select count(*)::int as runs from millrace.ingest_runs where state = 'succeeded'`,
    )
    return row!.runs
  }

  it('should run every interval of a day once, over kills, restarts and an API that fails', async () => {
    const seed = Number(process.env.MILLRACE_SPEC_SEED ?? randomInt(2 ** 31))
    console.log(`      seed ${seed} (MILLRACE_SPEC_SEED)`)
    const random = seededRandom(seed)
    const begun = Date.now()
    hire(DAY, INTERVALS)
    for (let i = 0; i < 3; i++) crew!.start()
    await until('the first interval has succeeded', async () => (await succeeded()) === 1)

    const kills = Array.from({ length: KILLS }, () => 1 + 22 * random()).sort((a, b) => a - b)
    let leadersKilled = 0
    const passTo = async (end: number) => {
      time.runTo(end)
      while (kills[0] !== undefined && DAY + kills[0] * HOUR < end) {
        const at = DAY + kills.shift()! * HOUR
        await until(new Date(at).toISOString(), () => time.now >= at)
        const anyone = crew!.pids[Math.floor(random() * crew!.pids.length)]!
        const victim = random() < 0.6 ? await leader() : anyone
        if (victim === leading()) leadersKilled++
        crew!.replace(victim)
      }
    }
    const [down, up] = OUTAGE.map((hour) => DAY + hour * HOUR) as [number, number]
    await passTo(down)
    await until('all before the outage has succeeded', async () => (await succeeded()) === dueUntil(down))
    apiIsDown = true
    await passTo(up)
    await until(
      'all in the outage has failed',
      async () => (await failures()).length === dueUntil(up) - dueUntil(down),
    )
    apiIsDown = false
    await passTo(DAY + (INTERVALS - 1) * INTERVAL)
    await until('every interval has succeeded', async () => (await succeeded()) === INTERVALS)
    expect(crew!.deserted).to.deep.equal([])
    expect(await crew!.dismiss('SIGTERM')).to.deep.equal([0, 0, 0])

    await everyIntervalRanOnce((Date.now() - begun) / 1000)
    await everyPageIsStagedOnce()
    await failedAndCaughtUp()
    const work = journal.spans('claimed', 'released')
    const terms = journal.spans('leading', 'resigned')
    console.log(
      `      ${KILLS} kill -9s, ${leadersKilled} of leaders; ${terms.length} terms, ${work.length} claims, ` +
        `${api.requests.length} requests`,
    )
    expect(leadersKilled).to.be.at.least(1)
    expect(new Set(work.map(({ pid }) => pid)).size).to.be.at.least(2)
    expect(overlaps(work), 'claims of one interval').to.deep.equal([])
    expect(overlaps(terms), 'leaders').to.deep.equal([])
  })

  async function everyIntervalRanOnce(seconds: number): Promise<void> {
    const runs = await history()
    const due = Array.from({ length: INTERVALS }, (_, i) => new Date(DAY + i * INTERVAL).toISOString())
    expect(runs.map(({ dueAt }) => dueAt)).to.deep.equal(due.reverse())
    for (const run of runs) {
      expect(run).to.include({ state: 'succeeded', runType: 'scheduled', error: null, fetched: PAGE_SIZE })
      expect(run.seconds, run.runId).to.be.within(0, seconds)
    }
    const pages = runs.map(({ firstPage }) => firstPage).sort((a, b) => a - b)
    expect(pages).to.deep.equal(Array.from({ length: INTERVALS }, (_, i) => i + 1))
  }

  async function everyPageIsStagedOnce(): Promise<void> {
    const rows = await spec.database.query<{ page: number; uuids: string[] }>(
      'read what was staged',
      `select first_page as page, array_agg(user_uuid order by id) as uuids
         from staging.random_users join millrace.ingest_runs using (run_id) group by run_id, first_page order by 1`,
    )
    expect(rows).to.have.length(INTERVALS)
    for (const { page, uuids } of rows) {
      expect(uuids, `page ${page}`).to.deep.equal(
        usersOf(SEED, page, PAGE_SIZE).map(({ login }) => login.uuid),
      )
    }
  }

  /** The intervals of the outage, and none of another time, were marked as failed with the reason. */
  async function failedAndCaughtUp(): Promise<void> {
    const failed = await failures()
    const [down, up] = OUTAGE.map((hour) => DAY + hour * HOUR) as [number, number]
    expect(failed.map(({ due }) => due)).to.deep.equal(
      Array.from({ length: dueUntil(up) - dueUntil(down) }, (_, i) => down + (i + 1) * INTERVAL),
    )
    for (const { error } of failed) expect(error).to.include('HTTP 503')
    expect(Math.max(...failed.map(({ attempts }) => attempts))).to.be.at.least(3)
  }

  function failures() {
    return spec.database.query<{ due: number; attempts: number; error: string }>(
      'read how runs failed',
      `select extract(epoch from due_at)::float8 * 1000 as due, max(attempts) as attempts, min(error) as error
         from transitions where state = 'failed' group by due_at order by due_at`,
    )
  }

  const leading = () => journal.spans('leading', 'resigned').find(({ to }) => to === Infinity)?.pid

  async function leader(): Promise<number> {
    await until('there is a leader', () => leading() !== undefined)
    return leading()!
  }

  it('should skip what is further back than the catch-up limit, and note it', async () => {
    hire(DAY, 12)
    crew!.start()
    await until('the first interval has succeeded', async () => (await succeeded()) === 1)
    time.runTo(DAY + HOUR / 2)
    await until('the first half hour', async () => (await succeeded()) === 7)
    expect(await crew!.dismiss('SIGTERM')).to.deep.equal([0])

    hire(DAY + 6 * HOUR, 12)
    crew!.start()
    await until('the latest hour', async () => (await succeeded()) === 7 + 12)
    expect(await crew!.dismiss('SIGTERM')).to.deep.equal([0])

    const runs = (await history()).map(({ dueAt, state }) => `${dueAt.slice(11, 16)} ${state}`).reverse()
    expect(runs).to.have.length(73)
    expect(runs[6]).to.equal('00:30 succeeded')
    expect(runs.slice(7, 61).every((run) => run.endsWith('skipped'))).to.equal(true)
    expect([runs[7], runs[60], runs[61], runs[72]]).to.deep.equal([
      '00:35 skipped',
      '05:00 skipped',
      '05:05 succeeded',
      '06:00 succeeded',
    ])
  })
})

/** Intervals due at or before this time of the day. */
const dueUntil = (time: number) => Math.floor((time - DAY) / INTERVAL) + 1

/** Every state that a run has had, as PostgreSQL saw it. */
const TRANSITIONS = [
  'create table transitions (due_at timestamptz, state text, attempts int, error text)',
  `create function note_transition() returns trigger language plpgsql as $$
     begin
       insert into transitions values (new.due_at, new.state, new.attempts, new.error);
       return null;
     end $$`,
  `create trigger note_transition after insert or update on millrace.ingest_runs
     for each row execute function note_transition()`,
]
