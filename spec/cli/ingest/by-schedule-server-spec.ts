import { expect } from 'chai'
import { openDatabase } from '../../../connectors/postgres/connection.ts'
import { stagingResources } from '../../../connectors/postgres/staging/staging-tables.ts'
import { freePorts } from '../../../services/ports.ts'
import { startPostgres } from '../../../services/postgres.ts'
import { type IngestStage, openIngestStage } from '../../support/ingest-stage.ts'
import type { MillraceProcess } from '../../support/millrace.ts'
import { createSpecDatabase } from '../../support/spec-database.ts'
import { makeServersDirectory, stopSpecServers } from '../../support/spec-servers.ts'
import { until } from '../../support/until.ts'

const EVERY_SECOND = { INGEST_SCHEDULE: '* * * * * *' } as const
const LEADING = /schedule: leading/

describe('millrace ingest by schedule, on PostgreSQL', () => {
  let stage: IngestStage

  before(async () => {
    stage = await openIngestStage()
  })
  afterEach(() => stage.clear())
  after(() => stage?.close())

  const inState = async (state: string) => (await stage.runs()).filter((run) => run.state === state).length

  async function stopped(process: MillraceProcess): Promise<void> {
    process.kill('SIGINT')
    const { code, stderr } = await process.ended
    expect(code, stderr).to.equal(0)
    expect(stderr).to.include('no longer leading')
  }

  it('should run interval after interval until Ctrl-C, and make up for those of a pause', async () => {
    const first = stage.start([], EVERY_SECOND)
    await until('three runs', async () => (await inState('succeeded')) >= 3)
    await stopped(first)
    // The signal may have come in the middle of one more.
    const before = (await stage.runs()).filter(({ state }) => state === 'succeeded')
    expect(before.length).to.be.at.least(3)
    for (const run of before) expect(run).to.include({ type: 'scheduled', attempts: 1, staged: 5 })

    const pause = Date.now() + 3_000
    await until('a pause', () => Date.now() > pause)
    const second = stage.start(['--catch-up', '2'], EVERY_SECOND)
    await until('two more runs', async () => (await inState('succeeded')) >= before.length + 2)
    await stopped(second)

    expect(await inState('skipped')).to.be.at.least(1)
    const [holes] = await stage.database.query<{ none: boolean }>(
      'look for holes',
      `select max(due_at) - min(due_at) = (count(*) - 1) * interval '1 s' as none from millrace.ingest_runs`,
    )
    expect(holes).to.deep.equal({ none: true })
  })

  it('should have one leader, whom another process follows after kill -9', async () => {
    const first = stage.start([], EVERY_SECOND)
    await first.printed(LEADING)
    const second = stage.start([], EVERY_SECOND)
    await second.printed(/waiting to be the leader/)
    await until('two runs', async () => (await inState('succeeded')) >= 2)
    expect(second.stderr).to.not.match(LEADING)

    first.kill('SIGKILL')
    await second.printed(LEADING)
    const runs = await inState('succeeded')
    await until('runs of the other', async () => (await inState('succeeded')) >= runs + 2)
    await until('what the first had in hand is done', async () => (await inState('running')) === 0)
    await stopped(second)
  })

  it('should go on with other intervals when one has failed, and with that one later', async () => {
    stage.fault = (request) => (request <= 2 ? { kind: 'status', status: 404 } : undefined)
    const process = stage.start(['--catch-up', '100'], EVERY_SECOND)
    await process.printed(/ingest run failed: .*HTTP 404/)
    await until('it is made up for', async () => {
      const [first, ...others] = await stage.runs()
      return first?.state === 'succeeded' && others.filter(({ state }) => state === 'succeeded').length >= 2
    })
    const [first] = await stage.runs()
    expect(first).to.include({ page: 1, staged: 5 })
    expect(first?.attempts).to.be.at.least(2)
    await stopped(process)
  })

  it('should show its runs in the history, with no variable but DATABASE_URL', async () => {
    stage.fault = (request) => (request === 1 ? { kind: 'status', status: 404 } : undefined)
    await stage.ingest(['--once', '--logical-time', '2026-11-21T10:00Z'])
    await stage.ingest(['--once', '--logical-time', '2026-11-21T10:05Z'])
    const shown = (args: string[]) =>
      stage.ingest(['--history', ...args], { RANDOM_USER_URL: '', RANDOM_USER_RESULTS: '' })

    const [latest, failed] = JSON.parse((await shown(['--json'])).stdout)
    expect(latest).to.have.all.keys(KEYS)
    expect(latest).to.include({
      runType: 'manual',
      logicalTime: '2026-11-21T10:05:00.000Z',
      dueAt: '2026-11-21T10:05:00.000Z',
      state: 'succeeded',
      attempts: 1,
      firstPage: 2,
      fetched: 5,
      error: null,
    })
    expect(latest.seconds).to.be.within(0, 30)
    expect(failed).to.include({ state: 'failed', firstPage: 1, fetched: 0 })
    expect(failed.error).to.include('HTTP 404')

    const { stdout } = await shown(['--limit', '1'])
    expect(stdout).to.match(
      /^run +type +due .*\n2026-11-21T10:05:00.000Z +manual +2026-11-21 10:05Z +succeeded .*\n$/,
    )
  })

  it('should lose and regain its leadership when PostgreSQL is restarted', async () => {
    const dir = await makeServersDirectory()
    const [port] = await freePorts(1)
    let server = await startPostgres({ dir, port })
    const database = openDatabase(server.env.DATABASE_URL!)
    try {
      for (const resource of stagingResources(database)) await resource.create()
      const process = stage.start(['--catch-up', '100'], { ...EVERY_SECOND, ...server.env })
      const succeeded = async () =>
        (await database.query('count', `select from millrace.ingest_runs where state = 'succeeded'`)).length
      await until('two runs', async () => (await succeeded()) >= 2)

      await server.kill()
      await process.printed(/no longer leading/)
      await process.printed(/waiting: PostgreSQL at/)
      server = await startPostgres({ dir, port })
      const before = await succeeded()
      await until('runs again', async () => (await succeeded()) >= before + 3)

      expect(process.stderr.match(new RegExp(LEADING, 'g'))).to.have.length(2)
      const left = `select from millrace.ingest_runs where state <> 'succeeded'`
      await until('every run is complete', async () => (await database.query('look', left)).length === 0)
      await stopped(process)
      const [row] = await database.query<{ rows: number; users: number }>(
        'count',
        'select count(*)::int as rows, count(distinct user_uuid)::int as users from staging.random_users',
      )
      expect(row?.rows).to.equal(row?.users)
    } finally {
      await database.close()
      await stopSpecServers(dir)
    }
  })

  for (const [name, value] of [
    ['INGEST_SCHEDULE', 'every now and then'],
    ['INGEST_SCHEDULE', '0 0 31 2 *'],
    ['INGEST_TIMEZONE', 'Mars/Olympus'],
  ] as const) {
    it(`should refuse ${name} "${value}" with exit code 2`, async () => {
      const { code, stderr } = await stage.ingest([], { [name]: value })
      expect(code, stderr).to.equal(2)
      expect(stderr).to.include(name).and.include(value)
    })
  }

  it('should name what apply has to create, with exit code 3', async () => {
    const empty = await createSpecDatabase()
    try {
      const { code, stderr } = await stage.ingest([], { DATABASE_URL: empty.url })
      expect(code, stderr).to.equal(3)
      expect(stderr).to.include('millrace.ingest_runs').and.include('millrace apply')
    } finally {
      await empty.drop()
    }
  })

  it('should end with exit code 1 when there is no PostgreSQL to begin with', async () => {
    const { code, stderr } = await stage.ingest([], { DATABASE_URL: 'postgresql://me:pa55@127.0.0.1:1/db' })
    expect(code, stderr).to.equal(1)
    expect(stderr).to.include('127.0.0.1:1/db').and.not.include('pa55')
  })

  it('should say in its help what a schedule is', async () => {
    const { code, stdout } = await stage.ingest(['--help'])
    expect(code).to.equal(0)
    for (const word of [
      'INGEST_SCHEDULE (default: */5 * * * *)',
      'INGEST_TIMEZONE',
      '--catch-up',
      '--backfill',
      'UTC',
    ]) {
      expect(stdout).to.include(word)
    }
  })
})

const KEYS = [
  ...[
    'runId',
    'runType',
    'logicalTime',
    'dueAt',
    'state',
    'attempts',
    'source',
    'seed',
    'firstPage',
    'pageSize',
  ],
  ...['pages', 'pagesDone', 'requested', 'fetched', 'staged', 'duplicates', 'asText', 'retries', 'error'],
  ...['startedAt', 'finishedAt', 'seconds'],
]
