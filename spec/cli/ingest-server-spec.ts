import { expect } from 'chai'
import {
  type RandomUserServer,
  type RandomUserServerOptions,
  startRandomUserServer,
} from '../../connectors/http/random-user-server.ts'
import type { ServerFault } from '../../connectors/http/server-fault.ts'
import { stagingResources } from '../../connectors/postgres/staging/staging-tables.ts'
import { type Ended, type MillraceProcess, startMillrace } from '../support/millrace.ts'
import { createSpecDatabase, type SpecDatabase } from '../support/spec-database.ts'

describe('millrace ingest, on PostgreSQL', () => {
  let spec: SpecDatabase
  let server: RandomUserServer | undefined
  let api: RandomUserServerOptions
  const started: MillraceProcess[] = []

  before(async () => {
    spec = await createSpecDatabase()
    for (const resource of stagingResources(spec.database)) await resource.create()
  })
  beforeEach(async () => {
    api = {}
    await spec.database.query('empty', 'truncate millrace.ingest_runs, staging.random_users')
  })
  afterEach(async () => {
    for (const process of started.splice(0)) {
      process.kill('SIGKILL')
      await process.ended
    }
    await server?.close()
    server = undefined
  })
  after(() => spec?.drop())

  async function start(
    args: readonly string[],
    variables: Record<string, string> = {},
  ): Promise<MillraceProcess> {
    server ??= await startRandomUserServer(api)
    const env = { RANDOM_USER_URL: server.url, DATABASE_URL: spec.url, ...variables }
    const process = startMillrace(['ingest', ...args], env)
    started.push(process)
    return process
  }

  async function ingest(args: readonly string[], variables: Record<string, string> = {}): Promise<Ended> {
    return (await start(['--once', ...args], variables)).ended
  }

  const runs = () =>
    spec.database.query<Record<string, unknown>>(
      'read runs',
      `select state, first_page, pages_done, fetched::int, staged::int, error from millrace.ingest_runs order by started_at`,
    )

  async function counts(): Promise<unknown> {
    const [row] = await spec.database.query(
      'count',
      `select count(*)::int as rows, count(distinct user_uuid)::int as users, count(distinct run_id)::int as runs
        from staging.random_users`,
    )
    return row
  }

  /** Waits for a state of the database, not for time. */
  async function until(statement: string): Promise<void> {
    while ((await spec.database.query('look', statement)).length === 0) await new Promise(setImmediate)
  }

  /** Waits until the API has been asked so many times. */
  async function asked(times: number): Promise<void> {
    while ((server?.requests.length ?? 0) < times) await new Promise(setImmediate)
  }

  it('should stage 500 users of seed millrace by default, and the next page in the next run', async () => {
    const first = await ingest([])
    expect(first.code, first.stderr).to.equal(0)
    expect(first.stdout).to.match(/^ingest run \S+ succeeded: 500 fetched, 500 staged, 0 duplicates/)
    await ingest([])

    expect(server?.requests).to.deep.equal([
      '/api/?results=500&seed=millrace&page=1',
      '/api/?results=500&seed=millrace&page=2',
    ])
    expect(await counts()).to.deep.equal({ rows: 1_000, users: 1_000, runs: 2 })
  })

  it('should take size, seed, pages and times from options before variables', async () => {
    const args = ['--results', '7', '--seed', 's', '--page', '3', '--pages', '2', '--run-id', 'mine']
    const { stdout } = await ingest([...args, '--logical-time', '2026-01-02T03:04:05Z', '--json'], {
      RANDOM_USER_RESULTS: '9',
      RANDOM_USER_SEED: 'other',
    })

    expect(JSON.parse(stdout)).to.include({
      runId: 'mine',
      logicalTime: '2026-01-02T03:04:05.000Z',
      seed: 's',
      firstPage: 3,
      pageSize: 7,
      pagesDone: 2,
      staged: 14,
      state: 'succeeded',
    })
    expect(server?.requests[0]).to.equal('/api/?results=7&seed=s&page=3')
  })

  it('should do nothing when a run of that name has succeeded', async () => {
    await ingest(['--run-id', 'mine', '--results', '5'])
    const again = await ingest(['--run-id', 'mine', '--results', '5'])

    expect(again.code).to.equal(0)
    expect(await counts()).to.deep.equal({ rows: 5, users: 5, runs: 1 })
  })

  it('should go on with the next page after kill -9 between two pages', async () => {
    api = { faults: { 3: { kind: 'hang' } } }
    const process = await start(['--once', '--results', '100', '--pages', '5'])
    await asked(3)
    process.kill('SIGKILL')
    await process.ended
    expect((await runs())[0]).to.include({ state: 'running', pages_done: 2 })

    const resumed = await ingest(['--results', '100', '--pages', '5'])

    expect(resumed.code, resumed.stderr).to.equal(0)
    expect(await counts()).to.deep.equal({ rows: 500, users: 500, runs: 1 })
    expect(await runs()).to.deep.equal([
      { state: 'succeeded', first_page: 1, pages_done: 5, fetched: 500, staged: 500, error: null },
    ])
  })

  it('should lose and double nothing after kill -9 in the middle of staging a page', async () => {
    const session = await spec.database.session('hold the staging lock')
    const held = `hashtextextended('millrace staging', 0)`
    await session.query(`select pg_advisory_lock(${held})`)
    const process = await start(['--once', '--results', '100', '--pages', '2'])
    await until(`select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`)
    process.kill('SIGKILL')
    await process.ended
    expect((await runs())[0]).to.include({ state: 'running', pages_done: 0 })
    await session.query(`select pg_advisory_unlock(${held})`)
    session.release()

    const resumed = await ingest(['--results', '100', '--pages', '2'])

    expect(resumed.code, resumed.stderr).to.equal(0)
    expect(await counts()).to.deep.equal({ rows: 200, users: 200, runs: 1 })
  })

  it('should stop at SIGTERM, say so, and go on when started again', async () => {
    api = { faults: { 2: { kind: 'hang' } } }
    const process = await start(['--once', '--results', '10', '--pages', '3'])
    await asked(2)
    process.kill('SIGTERM')

    const stopped = await process.ended
    expect(stopped).to.include({ code: 1 })
    expect(stopped.stdout).to.match(/stopped: 10 fetched.*start it again to go on/)

    expect((await ingest(['--results', '10', '--pages', '3'])).code).to.equal(0)
    expect(await counts()).to.deep.equal({ rows: 30, users: 30, runs: 1 })
  })

  it('should wait for the database when it is away in mid-run', async () => {
    const lost = Promise.withResolvers<void>()
    api = { faults: { 2: { kind: 'held', until: lost.promise } } }
    const process = await start(['--once', '--results', '10', '--pages', '3'])
    await asked(2)
    await until(
      `select from (select pg_terminate_backend(pid) as ended from pg_stat_activity
        where datname = current_database() and application_name = 'millrace ingest') as found where ended`,
    )
    lost.resolve()

    const { code, stderr } = await process.ended
    expect(code, stderr).to.equal(0)
    expect(stderr).to.include('waiting: PostgreSQL at')
    expect(await counts()).to.deep.equal({ rows: 30, users: 30, runs: 1 })
  })

  it('should keep a run that the API refuses as failed, and go on with it by name', async () => {
    const gone: ServerFault = { kind: 'status', status: 404 }
    api = { faults: { 2: gone } }
    const refused = await ingest(['--results', '10', '--pages', '2', '--run-id', 'mine'])

    expect(refused.code).to.equal(2)
    expect(refused.stderr).to.include('RANDOM_USER_URL')
    const [failed] = await runs()
    expect(failed).to.include({ state: 'failed', pages_done: 1, staged: 10 })
    expect(failed?.error).to.include('HTTP 404')

    expect((await ingest(['--run-id', 'mine'])).code).to.equal(0)
    expect(await counts()).to.deep.equal({ rows: 20, users: 20, runs: 1 })
  })

  it('should name every variable that is missing', async () => {
    const { code, stderr } = await startMillrace(['ingest', '--once'], { KAFKA_BROKERS: '127.0.0.1:1' }).ended

    expect(code).to.equal(2)
    expect(stderr).to.include('RANDOM_USER_URL').and.include('DATABASE_URL')
  })

  it('should name a database that can not be reached, and the cure', async () => {
    const { code, stderr } = await ingest([], { DATABASE_URL: 'postgresql://me:pa55@127.0.0.1:1/db' })

    expect(code).to.equal(1)
    expect(stderr).to.include('127.0.0.1:1/db').and.include('DATABASE_URL').and.not.include('pa55')
  })

  it('should name what apply has to create', async () => {
    const empty = await createSpecDatabase()
    try {
      const { code, stderr } = await ingest([], { DATABASE_URL: empty.url })

      expect(code).to.equal(3)
      expect(stderr).to.include('millrace.ingest_runs').and.include('millrace apply')
    } finally {
      await empty.drop()
    }
  })

  it('should refuse two things at once', async () => {
    const { code, stderr } = await (await start(['--once', '--history'])).ended

    expect(code).to.equal(2)
    expect(stderr).to.include('--once').and.include('--history')
  })
})
