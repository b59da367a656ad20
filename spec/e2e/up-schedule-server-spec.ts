import { expect } from 'chai'
import { type RandomUserServer, startRandomUserServer } from '../../connectors/http/random-user-server.ts'
import type { ServerFault } from '../../connectors/http/server-fault.ts'
import { startPostgres } from '../../services/postgres.ts'
import { type MillraceProcess, millrace, startMillrace } from '../support/millrace.ts'
import { type PipelineServers, startPipelineServers } from '../support/pipeline-servers.ts'
import { until } from '../support/until.ts'
import { storedRows } from './stored-rows.ts'

const LEADING = /schedule: leading/
const USERS = 5

describe('millrace up, by schedule', () => {
  let servers: PipelineServers
  let api: RandomUserServer
  let fault: ServerFault | undefined
  let up: MillraceProcess
  const started: MillraceProcess[] = []

  before(async () => {
    servers = await startPipelineServers()
    api = await startRandomUserServer({ faults: () => fault })
  })
  after(async () => {
    for (const process of started) process.kill('SIGKILL')
    await Promise.all(started.map(({ ended }) => ended))
    await api?.close()
    await servers?.stop()
  })

  function start(command: 'up' | 'ingest'): MillraceProcess {
    const process = startMillrace([command], {
      ...servers.env,
      RANDOM_USER_URL: api.url,
      RANDOM_USER_RESULTS: String(USERS),
      INGEST_SCHEDULE: '*/2 * * * * *',
    })
    started.push(process)
    return process
  }

  async function succeeded(): Promise<number> {
    const [row] = await servers.sql<{ runs: number }>(
      `SELECT count(*)::int AS runs FROM millrace.ingest_runs WHERE state = 'succeeded'`,
    )
    return row!.runs
  }

  /** Waits for further runs, and for their users at the last hop. */
  async function flows(runs = 2): Promise<void> {
    const most = (await succeeded()) + runs
    await until(`${runs} further runs`, async () => (await succeeded()) >= most)
    await until('their users are stored', async () => {
      return (await storedRows(servers.keyspace, 'users_by_id', ['user_id'])).size >= most * USERS
    })
  }

  it('should outlive an API that fails, and make up for its intervals', async () => {
    fault = { kind: 'status', status: 404 }
    up = start('up')
    await up.printed(/ingest run failed: .*HTTP 404/)
    fault = undefined
    await flows()
    await until('no failed run is left', async () => {
      const failed = await servers.sql(`SELECT FROM millrace.ingest_runs WHERE state = 'failed'`)
      return failed.length === 0
    })
  })

  it('should outlive PostgreSQL being stopped and started, and lead again', async () => {
    await servers.postgres.stop()
    await up.printed(/no longer leading/)
    await startPostgres(servers.options.postgres)
    await flows()
    expect(up.stderr.match(new RegExp(LEADING, 'g'))).to.have.length(2)
  })

  it('should hand the schedule over to an ingest process, and take it over from a killed one', async () => {
    const ingest = start('ingest')
    await ingest.printed(/waiting to be the leader/)
    up.kill('SIGTERM')
    const ended = await up.ended
    expect(ended.code, ended.stderr).to.equal(0)
    await ingest.printed(LEADING)

    const next = start('up')
    await next.printed(/waiting to be the leader/)
    await flows()
    expect(next.stderr).to.not.match(LEADING)
    ingest.kill('SIGKILL')
    await next.printed(LEADING)
    await flows()

    next.kill('SIGTERM')
    const last = await next.ended
    expect(last.code, last.stderr).to.equal(0)
    await millrace(['verify'], { ...servers.env, RANDOM_USER_URL: api.url })
  })
})
