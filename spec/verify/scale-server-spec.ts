import { existsSync } from 'node:fs'
import { expect } from 'chai'
import pg from 'pg'
import { recorded } from '../e2e/recorded.ts'
import { isFull } from '../replay/size.ts'
import { millrace, startMillrace } from '../support/millrace.ts'
import { type PipelineServers, startPipelineServers } from '../support/pipeline-servers.ts'
import { peakBytes } from '../support/process-memory.ts'
import { until } from '../support/until.ts'
import { stageUsers } from './staged-users.ts'
import { uuidOf } from './uuid-of.ts'

const USERS = isFull() ? 1_000_000 : 5000
/** Whatever the number of users. */
const MOST_BYTES = 1_500_000_000

describe(`verify of ${USERS.toLocaleString('en')} users`, function () {
  this.timeout(3_600_000)
  let servers: PipelineServers

  before(async () => {
    servers = await startPipelineServers()
    await millrace(['apply'], servers.env)
    const client = new pg.Client({ connectionString: servers.env.DATABASE_URL })
    await client.connect()
    await stageUsers(client, USERS)
    await client.end()
    const capture = startMillrace(['capture'], servers.env)
    try {
      await until('captured', async () => {
        const done = `SELECT FROM millrace.captures WHERE snapshot = 'done'`
        return (await servers.sql(done)).length > 0
      })
    } finally {
      capture.kill('SIGTERM')
      await capture.ended
    }
    await millrace(['run', 'topologies/user-insights.ts', '--until-caught-up'], servers.env)
  })

  after(() => servers?.stop())

  it('should name one changed cell and one deleted row among them, in bounded memory', async () => {
    const { keyspace } = servers
    const [changed, deleted] = [uuidOf('17'), uuidOf(String(USERS - 1))]
    const { nat } = recorded[17]!
    await keyspace.execute(
      `UPDATE ${keyspace.name}.users_by_id SET city = 'Atlantis' WHERE user_id = ${changed}`,
    )
    await keyspace.execute(`DELETE FROM ${keyspace.name}.users_by_id WHERE user_id = ${deleted}`)
    await keyspace.execute(
      `UPDATE ${keyspace.name}.users_by_country SET city = 'Atlantis' WHERE country_code = '${nat}' AND user_id = ${changed}`,
    )
    const begun = performance.now()
    const verifying = startMillrace(['verify', '--json'], servers.env)
    let peak = 0
    const watch = setInterval(() => {
      if (existsSync(`/proc/${verifying.pid}/status`)) peak = Math.max(peak, peakBytes(verifying.pid) || 0)
    }, 200)
    const { code, stdout, stderr } = await verifying.ended.finally(() => clearInterval(watch))
    expect(code, stderr).to.equal(3)
    const seconds = ((performance.now() - begun) / 1000).toFixed(1)
    console.log(
      `      ${USERS.toLocaleString('en')} users: ${seconds} s, at most ${Math.round(peak / 1e6)} MB resident`,
    )
    const { findings, hops } = JSON.parse(stdout)
    expect(
      findings.map(({ kind, hop, key }: Record<string, string>) => `${kind} ${hop} ${key}`),
    ).to.have.members([
      `different users_by_id ${changed}`,
      `missing users_by_id ${deleted}`,
      `different users_by_country ${nat}/${changed}`,
    ])
    expect(hops.find(({ hop }: { hop: string }) => hop === 'users.insights').keys).to.equal(USERS)
    expect(peak).to.be.greaterThan(0).and.below(MOST_BYTES)
  })
})
