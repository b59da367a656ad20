import { expect } from 'chai'
import { intervalHistory } from '../../../connectors/postgres/staging/interval-history.ts'
import { type IngestStage, openIngestStage } from '../../support/ingest-stage.ts'

const HALF_HOUR = ['--backfill', '2026-11-21T10:00', '2026-11-21T10:30'] as const
const DUES = ['10:00', '10:05', '10:10', '10:15', '10:20', '10:25']

describe('millrace ingest --backfill, on PostgreSQL', () => {
  let stage: IngestStage

  before(async () => {
    stage = await openIngestStage()
  })
  afterEach(() => stage.clear())
  after(() => stage?.close())

  async function expectAllStagedOnce(): Promise<void> {
    const runs = await stage.runs()
    expect(runs.map(({ due }) => due)).to.deep.equal(DUES)
    for (const run of runs) expect(run).to.include({ state: 'succeeded', staged: 5 })
    expect(runs.map(({ page }) => page).sort()).to.deep.equal([1, 2, 3, 4, 5, 6])
    const [rows] = await stage.database.query(
      'count',
      'select count(*)::int as rows, count(distinct user_uuid)::int as users from staging.random_users',
    )
    expect(rows).to.deep.equal({ rows: 30, users: 30 })
  }

  it('should run each interval of the range, its end left out, and nothing the second time', async () => {
    const first = await stage.ingest(HALF_HOUR)
    expect(first.code, first.stderr).to.equal(0)
    expect(first.stdout).to.equal('backfill: 6 intervals: 6 run, 0 had succeeded before, 0 failed\n')
    await expectAllStagedOnce()
    expect((await stage.runs()).every(({ type }) => type === 'backfill')).to.equal(true)

    const second = await stage.ingest([...HALF_HOUR, '--json'])
    expect(second.code, second.stderr).to.equal(0)
    expect(JSON.parse(second.stdout)).to.deep.equal({
      intervals: 6,
      alreadySucceeded: 6,
      succeeded: 0,
      failed: [],
      left: 0,
    })
    await expectAllStagedOnce()
  })

  it('should run only what is missing, and what was skipped, several at a time', async () => {
    await stage.ingest(['--once', '--logical-time', '2026-11-21T11:05+01:00'])
    await intervalHistory(stage.database).skip([new Date('2026-11-21T10:20Z')])

    const { code, stdout, stderr } = await stage.ingest([...HALF_HOUR, '--max-active-runs', '4'])

    expect(code, stderr).to.equal(0)
    expect(stdout).to.include('5 run, 1 had succeeded before')
    await expectAllStagedOnce()
  })

  it('should go on after kill -9 with the interval that was in hand', async () => {
    stage.fault = (request) => (request === 3 ? { kind: 'hang' } : undefined)
    const killed = stage.start(HALF_HOUR)
    await stage.asked(3)
    killed.kill('SIGKILL')
    await killed.ended
    expect((await stage.runs()).map(({ state }) => state)).to.deep.equal([
      'succeeded',
      'succeeded',
      'running',
    ])

    const resumed = await stage.ingest(HALF_HOUR)

    expect(resumed.code, resumed.stderr).to.equal(0)
    expect(resumed.stdout).to.include('4 run, 2 had succeeded before')
    await expectAllStagedOnce()
  })

  it('should stop at Ctrl-C, say what is left with exit code 1, and go on when started again', async () => {
    stage.fault = (request) => (request === 3 ? { kind: 'hang' } : undefined)
    const process = stage.start(HALF_HOUR)
    await stage.asked(3)
    process.kill('SIGINT')
    const stopped = await process.ended
    expect(stopped).to.include({ code: 1 })
    expect(stopped.stdout).to.include(
      '2 run, 0 had succeeded before, 0 failed, 4 left; start it again to go on',
    )

    expect(await stage.ingest(HALF_HOUR)).to.include({ code: 0 })
    await expectAllStagedOnce()
  })

  it('should go on past an interval that fails, name it with exit code 1, and keep its page for it', async () => {
    stage.fault = (request) => (request === 2 ? { kind: 'status', status: 404 } : undefined)
    const failed = await stage.ingest(HALF_HOUR)
    expect(failed).to.include({ code: 1 })
    expect(failed.stdout).to.equal(
      'backfill: 6 intervals: 5 run, 0 had succeeded before, 1 failed\nfailed: 2026-11-21T10:05:00.000Z\n',
    )

    expect(await stage.ingest(HALF_HOUR)).to.include({ code: 0 })
    await expectAllStagedOnce()
    expect((await stage.runs())[1]).to.include({ attempts: 2, page: 2 })
  })

  it('should leave what is not due yet to the schedule', async () => {
    const begin = Date.now() - 2_500
    const from = new Date(begin).toISOString()
    const to = new Date(Date.now() + 86_400_000).toISOString()
    const { code, stdout } = await stage.ingest(['--backfill', from, to, '--json'], {
      INGEST_SCHEDULE: '* * * * * *',
    })
    expect(code).to.equal(0)
    expect(JSON.parse(stdout).succeeded).to.be.within(2, (Date.now() - begin) / 1000 + 1)
  })

  it('should keep to the time zone of the schedule', async () => {
    const args = ['--backfill', '2026-10-24', '2026-10-27']
    await stage.ingest(args, { INGEST_SCHEDULE: '30 2 * * *', INGEST_TIMEZONE: 'Europe/Oslo' })
    expect((await stage.runs()).map(({ due }) => due)).to.deep.equal(['00:30', '00:30', '01:30'])
  })

  for (const [wrong, args, says] of [
    ['a time that is none', ['2026-02-31', '2026-03-02'], '2026-11-22T18:00:00Z'],
    ['FROM alone', ['2026-11-21'], 'FROM and TO'],
    ['three times', ['2026-11-21', '2026-11-22', '2026-11-23'], 'FROM and TO'],
    ['TO before FROM', ['2026-11-22', '2026-11-21'], 'is not before'],
    ['TO equal to FROM', ['2026-11-22', '2026-11-22'], 'is not before'],
    ['too long a range', ['2020-01-01', '2026-01-01'], 'shorter range'],
    ['a page for all intervals', ['2026-11-21', '2026-11-22', '--page', '3'], '--page goes with --once'],
  ] as const) {
    it(`should refuse ${wrong} with exit code 2`, async () => {
      const { code, stderr } = await stage.ingest(['--backfill', ...args])
      expect(code, stderr).to.equal(2)
      expect(stderr).to.include(says)
      expect(await stage.runs()).to.deep.equal([])
    })
  }
})
