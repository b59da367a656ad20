import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { type RandomUserServer, startRandomUserServer } from '../../connectors/http/random-user-server.ts'
import { Hop } from '../faults/hop.ts'
import { type AirflowEnded, installAirflow, runAirflow } from '../support/airflow.ts'
import { millrace } from '../support/millrace.ts'
import { type PipelineServers, startPipelineServers } from '../support/pipeline-servers.ts'
import { until } from '../support/until.ts'
import { expectedRows } from './expected-rows.ts'
import { differences, type Row, storedRows } from './stored-rows.ts'

const USERS = 250
const INTERVAL = '2026-11-22T10:05:00+00:00'
const bin = fileURLToPath(new URL('../../lib/cli/bin.ts', import.meta.url))

describe('the random_users DAG on Airflow', function () {
  this.timeout(600_000)
  let python: string
  let home: string
  let stage: PipelineServers
  let api: RandomUserServer
  let env: Record<string, string>
  let runId: string
  const hops: Hop[] = []

  before(async function () {
    this.timeout(900_000)
    python = await installAirflow()
    home = mkdtempSync(join(tmpdir(), 'millrace-airflow-'))
    stage = await startPipelineServers()
    api = await startRandomUserServer({ faults: { 1: { kind: 'hang' } } })
    env = {
      ...stage.env,
      RANDOM_USER_URL: api.url,
      RANDOM_USER_RESULTS: String(USERS),
      MILLRACE_COMMAND: commandThatTellsItsPid(),
    }
    await millrace(['apply'], stage.env)
    expect(await airflow(['db', 'migrate'])).to.include({ code: 0 })
  })

  after(async () => {
    await Promise.all(hops.map((hop) => hop.clear()))
    await api?.close()
    await stage?.stop()
    if (home !== undefined) rmSync(home, { recursive: true, force: true })
  })

  it('should carry users through to Cassandra, over an ingest that is killed and retried', async () => {
    const capture = hop(['capture'])
    const worker = hop(['run', 'topologies/user-insights.ts'])
    const ended = airflow(['dags', 'test', 'random_users', INTERVAL])
    await until('the first attempt waits for the API', () => api.requests.length === 1)
    process.kill(Number(readFileSync(pidFile(), 'utf8')), 'SIGKILL')

    const { code, output } = await ended
    expect(code, output).to.equal(0)
    expect(output).to.include('return code -9').and.to.include('return code 0')
    await worker.until('all users are stored', async () => {
      const rows = await storedRows(stage.keyspace, 'users_by_country', ['user_id'])
      return rows.size === USERS || undefined
    })
    for (const each of [capture, worker]) {
      each.signal('SIGTERM')
      expect(await each.ended).to.deep.include({ code: 0, signal: null })
    }
  })

  it('should carry the run id of Airflow into history and rows', async () => {
    const { output } = await airflow(['dags', 'list-runs', 'random_users', '--output', 'json'])
    const [run] = JSON.parse(output.slice(output.indexOf('[{'), output.lastIndexOf(']') + 1))
    runId = run.run_id
    expect(run).to.include({ state: 'success', logical_date: INTERVAL })
    expect(await history()).to.deep.equal([
      { run_id: runId, due_at: new Date(INTERVAL), state: 'succeeded', fetched: USERS, staged: USERS },
    ])
    const rows = await storedRows(stage.keyspace, 'users_by_id', ['user_id'])
    expect(new Set([...rows.values()].map(({ run_id }) => run_id))).to.deep.equal(new Set([runId]))
  })

  it('should hold the rows of the plain script, all of them', async () => {
    const { usersById, refused } = await expectedRows(env.DATABASE_URL!)
    expect(refused).to.deep.equal([])
    expect(usersById.size).to.equal(USERS)
    const stored = await storedRows(stage.keyspace, 'users_by_id', ['user_id'])
    expect(differences(usersById, stored, ['source'])).to.deep.equal([])
  })

  it('should verify', async () => {
    expect(await millrace(['verify'], env)).to.contain('verified: every hop holds what it should')
  })

  it('should stage nothing more when the same interval is asked for again', async () => {
    const before = await history()
    const asked = api.requests.length
    const { code, output } = await airflow(['dags', 'test', 'random_users', INTERVAL])
    expect(code, output).to.equal(0)
    expect(output).to.include(`ingest run ${runId} succeeded`)
    expect(await history()).to.deep.equal(before)
    expect(api.requests.length).to.equal(asked)
  })

  it('should fail at once where no retry can help', async () => {
    const wrong = { ...env, RANDOM_USER_URL: 'no URL' }
    const { code, output } = await airflow(
      ['dags', 'test', 'random_users', '2026-11-22T10:10:00+00:00'],
      wrong,
    )
    expect(code).to.equal(1)
    expect(output).to.match(/AirflowFailException: no retry can help: millrace: RANDOM_USER_URL/)
    expect(output.match(/return code 2/g)).to.have.lengthOf(1)
    expect(await history()).to.have.lengthOf(1)
  })

  function airflow(args: readonly string[], variables = env): Promise<AirflowEnded> {
    return runAirflow(python, home, args, variables)
  }

  function history(): Promise<Row[]> {
    return stage.sql<Row>(
      'SELECT run_id, due_at, state, fetched::int, staged::int FROM millrace.ingest_runs ORDER BY due_at',
    )
  }

  function pidFile(): string {
    return join(home, 'millrace.pid')
  }

  /** So that the spec can kill what Airflow has started. */
  function commandThatTellsItsPid(): string {
    const command = join(home, 'millrace')
    writeFileSync(command, `#!/bin/sh\necho $$ > ${pidFile()}\nexec ${process.execPath} ${bin} "$@"\n`)
    chmodSync(command, 0o755)
    return command
  }

  function hop(args: readonly string[]): Hop {
    const started = new Hop(args, env)
    hops.push(started)
    return started
  }
})
