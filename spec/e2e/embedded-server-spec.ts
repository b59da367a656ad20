import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type EmbeddedStage, embeddedStage, holdTable, onlyNode } from '../support/embedded.ts'
import { millrace, runMillrace, startMillrace } from '../support/millrace.ts'
import { npmStart } from '../support/npm-start.ts'
import { until } from '../support/until.ts'
import { expectedRows } from './expected-rows.ts'
import { differences, embeddedRows } from './stored-rows.ts'

const STAGED = 'SELECT count(*) FROM staging.random_users'
const STORED = 'SELECT count(*) FROM insights.users_by_id'

describe('embedded', function () {
  this.timeout(600_000)
  let stage: EmbeddedStage

  beforeEach(() => {
    stage = embeddedStage()
  })

  afterEach(() => stage.remove())

  it('should do one run and verify it with nothing but Node, and the next page with the next run', async () => {
    const node = onlyNode()
    try {
      for (const users of [500, 1000]) {
        const begun = Date.now()
        const { code, stdout, stderr } = await npmStart(['--once'], { ...stage.env, PATH: node.PATH }).ended
        expect(code, stderr).to.equal(0)
        expect(Date.now() - begun).to.be.below(120_000)
        const { 'users.counts': counts, user_counts_by_country: rows, ...others } = countsIn(stdout)
        // Two runs in one minute: what the first one counted is corrected.
        expect(rows).to.be.within(10, counts!)
        expect(others).to.deep.equal({
          api: users,
          staging: users,
          'users.raw': users,
          'users.raw.dlq': 0,
          users_by_id: users,
          users_by_country: users,
          'users.insights': users,
          'users.late': 0,
          'user-insights.dlq': 0,
        })
        expect(stdout).to.include('verified: every hop holds what it should')
        expect(insightsIn(stdout)).to.have.lengthOf(5)
      }
      expect(stage.postmasters()).to.deep.equal([])
    } finally {
      node.remove()
    }
    expect(await shouldHoldWhatIsExpected(stage)).to.equal(1000)
    await shouldHoldAllCounts(stage)
  })

  it('should verify from a second terminal, and drain at Ctrl-C under load', async () => {
    const pipeline = npmStart([], { ...stage.env, ...LOAD })
    await until('users are stored', async () => ((await stage.count(STORED)) ?? 0) > 0)
    expect(stage.postmasters()).to.have.lengthOf(1)
    await millrace(['verify'], stage.env)
    await until('a page is on its way', async () => (await stage.count(LAGGING)) === 1)
    pipeline.signalAll('SIGINT')
    const { code, stderr } = await pipeline.ended
    expect(code, stderr).to.equal(0)
    expect(stage.postmasters()).to.deep.equal([])
    const report = JSON.parse(await millrace(['verify', '--json'], stage.env))
    expect(report).to.deep.include({ findings: [], pending: 0, exitCode: 0 })
    expect(await shouldHoldWhatIsExpected(stage)).to.be.greaterThan(500)
  })

  it('should drain when its terminal is closed', async () => {
    const pipeline = npmStart([], { ...stage.env, ...LOAD })
    await until('a page is on its way', async () => (await stage.count(LAGGING)) === 1)
    pipeline.signalAll('SIGHUP')
    // npm ends at once; what it started ends when both its streams do.
    await pipeline.ended
    await until('PostgreSQL has ended', () => stage.postmasters().length === 0)
    await millrace(['verify'], stage.env)
  })

  it('should end at once at the second Ctrl-C, and leave no PostgreSQL', async () => {
    const pipeline = startMillrace(['up'], { ...stage.env, ...LOAD })
    await until('users are stored', async () => ((await stage.count(STORED)) ?? 0) > 0)
    const release = await holdTable(stage.databaseUrl(), 'insights.users_by_id')
    await until('the worker waits, so that it can not drain', async () => {
      return ((await stage.count(WAITING)) ?? 0) > 0
    })
    const impatience = setInterval(() => pipeline.kill('SIGINT'), 50)
    expect((await pipeline.ended).code).to.equal(130)
    clearInterval(impatience)
    await release()
    await until('PostgreSQL has ended', () => stage.postmasters().length === 0)
    await millrace(['up', '--once'], stage.env)
    await shouldHoldWhatIsExpected(stage)
  })

  it('should lose nothing and leave no orphan, wherever a kill -9 hits', async () => {
    for (const { when, reached, drain } of killPoints(stage)) {
      const pipeline = startMillrace(['up'], { ...stage.env, ...LOAD })
      try {
        await until(when, () => reached(pipeline.stderr))
        expect(stage.postmasters().length, when).to.be.at.most(1)
        if (drain) pipeline.kill('SIGINT')
      } finally {
        pipeline.kill('SIGKILL')
      }
      expect((await pipeline.ended).signal, `${when}: ${pipeline.stderr}`).to.equal('SIGKILL')
    }
    await millrace(['up', '--once'], stage.env)
    expect(stage.postmasters()).to.deep.equal([])
    expect(await shouldHoldWhatIsExpected(stage)).to.be.greaterThan(500)
  })

  it('should be one at a time on a directory, and share it with other commands', async () => {
    const both = ['first', 'second'].map(() => startMillrace(['up'], { ...stage.env, ...ONE_PAGE }))
    const refused = await Promise.race(both.map(({ ended }) => ended))
    expect(refused.code).to.equal(2)
    expect(refused.stderr).to.include(stage.env.MILLRACE_STATE_DIR).and.to.include('stop it first')
    await until('users are stored', async () => (await stage.count(STORED)) === 500)
    await millrace(['ingest', '--once'], stage.env)
    await until('more users are stored', async () => (await stage.count(STORED)) === 1000)
    expect(stage.postmasters()).to.have.lengthOf(1)
    for (const pipeline of both) pipeline.kill('SIGTERM')
    const codes = (await Promise.all(both.map(({ ended }) => ended))).map(({ code }) => code)
    expect(codes.sort()).to.deep.equal([0, 2])
    expect(stage.postmasters()).to.deep.equal([])
  })

  it('should keep PostgreSQL for a command that still uses it, which then stops it', async () => {
    const pipeline = startMillrace(['up'], { ...stage.env, ...ONE_PAGE })
    await until('users are stored', async () => (await stage.count(STORED)) === 500)
    const worker = startMillrace(['run', 'topologies/user-insights.ts'], stage.env)
    await worker.printed(/"running"/)
    pipeline.kill('SIGTERM')
    expect((await pipeline.ended).code).to.equal(0)
    expect(stage.postmasters()).to.have.lengthOf(1)
    worker.kill('SIGTERM')
    expect((await worker.ended).code).to.equal(0)
    expect(stage.postmasters()).to.deep.equal([])
  })

  it('should never fall back to it where a server was meant', async () => {
    const one = await runMillrace(['up', '--once', '--embedded', 'redis'], stage.env)
    expect(one.code).to.equal(2)
    expect(one.stderr).to.include('--embedded redis')
    for (const [name, value] of Object.entries(SERVERS)) {
      const { code, stderr } = await runMillrace(['up', '--once'], { ...stage.env, [name]: value })
      expect(code, stderr).to.equal(2)
      const others = Object.keys(SERVERS).filter((other) => other !== name)
      for (const other of others) expect(stderr).to.include(other)
    }
    expect(readdirSync(stage.env.MILLRACE_STATE_DIR)).to.deep.equal([])
  })

  it('should run the topology file that runs on real servers', () => {
    const source = readFileSync('topologies/user-insights.ts', 'utf8')
    expect(source).not.to.match(/embedded|process\.env|postgres\b/i)
  })
})

/** A page of 1,000 users every two seconds: little enough for a slow machine to drain in time. */
const LOAD = { RANDOM_USER_RESULTS: '1000', INGEST_SCHEDULE: '*/2 * * * * *' }

/** No further page within any spec's life. */
const ONE_PAGE = { INGEST_SCHEDULE: '0 0 1 1 *' }

/** How many wait for a table that another session holds. */
const WAITING =
  "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event = 'relation'"

/** 1 while staged users are not stored yet. */
const LAGGING = `SELECT count(*) FROM (
  SELECT WHERE (SELECT count(DISTINCT payload->'login'->>'uuid') FROM staging.random_users) >
    (SELECT count(*) FROM insights.users_by_id)) AS lagging`

const SERVERS = {
  KAFKA_BROKERS: '127.0.0.1:9',
  SCHEMA_REGISTRY_URL: 'http://127.0.0.1:9',
  DATABASE_URL: 'postgresql://postgres@127.0.0.1:9/postgres',
  CASSANDRA_CONTACT_POINTS: '127.0.0.1:9',
  RANDOM_USER_URL: 'http://127.0.0.1:9/api/',
}

interface KillPoint {
  readonly when: string
  readonly reached: (stderr: string) => Promise<boolean> | boolean
  /** Asked to stop just before. */
  readonly drain?: true
}

/** In the order in which a first start comes by them; the later ones are starts on what the earlier ones left. */
function killPoints(stage: EmbeddedStage): KillPoint[] {
  const postgres = join(stage.env.MILLRACE_STATE_DIR, 'embedded', 'servers', 'postgres')
  const home = () => {
    const elsewhere = join(postgres, 'elsewhere')
    return existsSync(elsewhere) ? readFileSync(elsewhere, 'utf8') : postgres
  }
  const found = (directory: string, start: string) =>
    existsSync(directory) && readdirSync(directory).some((name) => name.startsWith(start))
  const more = (sql: string) => async () => ((await stage.count(sql)) ?? 0) > 0
  // Users may lag from the start before: that this process is at work, it must have said itself.
  const underWay = async (stderr: string) => stderr.includes('"assigned"') && (await more(LAGGING)())
  return [
    { when: 'PostgreSQL is initialised', reached: () => found(home(), 'data.new') },
    { when: 'PostgreSQL starts', reached: () => existsSync(join(home(), 'data', 'postmaster.pid')) },
    { when: 'apply creates', reached: (stderr) => stderr.includes('staging.random_users') },
    { when: 'ingest begins', reached: (stderr) => stderr.includes('page 0 of 1') },
    { when: 'a page is staged', reached: more(STAGED) },
    { when: 'capture and worker are under way', reached: underWay },
    { when: 'it drains', reached: underWay, drain: true },
  ]
}

/** The oracle against a plain client. Resolves with the number of users. */
async function shouldHoldWhatIsExpected(stage: EmbeddedStage): Promise<number> {
  return stage.look(async (databaseUrl) => {
    const { usersById, usersByCountry } = await expectedRows(databaseUrl)
    const byId = await embeddedRows(databaseUrl, 'users_by_id', ['user_id'])
    const byCountry = await embeddedRows(databaseUrl, 'users_by_country', ['country_code', 'user_id'])
    expect(differences(usersById, byId, ['source'])).to.deep.equal([])
    expect(differences(usersByCountry, byCountry)).to.deep.equal([])
    return usersById.size
  })
}

/** With a capture that was never killed, all staged users are counted once: the last minutes because the input was idle. */
async function shouldHoldAllCounts(stage: EmbeddedStage): Promise<void> {
  await stage.look(async (databaseUrl) => {
    const { countsByCountry } = await expectedRows(databaseUrl)
    const key = ['country_code', 'day', 'window_start']
    const counts = await embeddedRows(databaseUrl, 'user_counts_by_country', key)
    expect(differences(countsByCountry, counts)).to.deep.equal([])
  })
}

/** Records by hop, from the table that is printed. */
function countsIn(stdout: string): Record<string, number> {
  const lines = stdout.split('\n')
  const begin = lines.findIndex((line) => line.startsWith('hop '))
  const rows = lines.slice(
    begin + 1,
    lines.findIndex((line) => line.startsWith('verified')),
  )
  return Object.fromEntries(
    rows
      .map((line) => line.split(/\s+/))
      .map(([hop, records = '']) => [hop, Number(records.replace(',', ''))]),
  )
}

function insightsIn(stdout: string): string[] {
  const lines = stdout.trimEnd().split('\n')
  return lines.slice(lines.findIndex((line) => line.startsWith('full_name')) + 1)
}
