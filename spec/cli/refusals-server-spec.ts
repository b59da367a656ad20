import { expect } from 'chai'
import { type RandomUserServer, startRandomUserServer } from '../../connectors/http/random-user-server.ts'
import { freePorts } from '../../services/ports.ts'
import { consumeWholeTopic } from '../support/console-consumer.ts'
import { type Ended, millrace, runMillrace, startMillrace } from '../support/millrace.ts'
import { type PipelineServers, startPipelineServers } from '../support/pipeline-servers.ts'
import { until } from '../support/until.ts'

const INSIGHTS = 'topologies/user-insights.ts'
const SECRET = 's3cret'
const USERS = 5

/** One line on stderr that says it, this exit code, no stack, no password. */
function expectRefusal({ code, stdout, stderr }: Ended, expected: number, ...said: string[]): void {
  expect(code, stderr).to.equal(expected)
  const lines = stderr.trimEnd().split('\n')
  expect(
    lines.filter((line) => line.startsWith('millrace: ')),
    stderr,
  ).to.have.length(1)
  for (const part of said) expect(lines.at(-1)).to.include(part)
  expect(stdout + stderr)
    .to.not.include(SECRET)
    .and.not.match(/\n\s+at /)
}

describe('commands on servers that are not as they should be', () => {
  let servers: PipelineServers
  let api: RandomUserServer
  let env: Record<string, string>

  before(async () => {
    servers = await startPipelineServers()
    api = await startRandomUserServer()
    env = { ...servers.env, RANDOM_USER_URL: api.url }
  })
  after(async () => {
    await api?.close()
    await servers?.stop()
  })

  const run = (command: string, more: Record<string, string> = {}) =>
    runMillrace(command.split(' '), { ...env, ...more })

  /** Captures until `users.raw` holds this many records, then ends it. */
  async function captureUntil(records: number): Promise<void> {
    const capture = startMillrace(['capture'], env)
    await Promise.race([
      until(`${records} records in users.raw`, async () => (await rawUsers()) >= records),
      capture.ended.then(({ stderr }) => {
        throw new Error(`capture ended by itself:\n${stderr}`)
      }),
    ])
    capture.kill('SIGTERM')
    expect(await capture.ended).to.have.property('code', 0)
    await until('the server has let its slot go', async () => {
      return (await servers.sql('SELECT FROM pg_replication_slots WHERE active')).length === 0
    })
  }
  const rawUsers = async () => (await consumeWholeTopic(env.KAFKA_BROKERS!, 'users.raw')).length
  const ingest = () => millrace(['ingest', '--once', '--results', String(USERS)], env)

  it('should name what is missing and the command that creates it, before anything is there', async () => {
    const [running, capturing, verifying, planned] = await Promise.all(
      [`run ${INSIGHTS}`, 'capture', 'verify', 'plan --json'].map((command) => run(command)),
    )
    expectRefusal(running!, 3, 'topic users.raw', 'user-insights.dlq', `millrace apply ${INSIGHTS}`)
    expectRefusal(capturing!, 3, 'topic users.raw', 'millrace apply')
    expectRefusal(verifying!, 3, 'users.raw', 'millrace apply')
    expect(planned!.code, planned!.stderr).to.equal(4)
    // Subjects are the shared registry's.
    const states = (JSON.parse(planned!.stdout) as { kind: string; state: string }[])
      .filter(({ kind }) => kind !== 'subject')
      .map(({ state }) => state)
    expect([...new Set(states)]).to.deep.equal(['missing'])
  })

  it('should find nothing to do once it is applied', async () => {
    await millrace(['apply'], env)
    expect(JSON.parse(await millrace(['apply', '--json'], env)))
      .to.have.property('created')
      .that.deep.equals([])
    await ingest()
    await captureUntil(USERS)
  })

  it('should refuse to capture from a slot that was dropped, until its cure has been followed', async () => {
    await servers.sql("SELECT pg_drop_replication_slot('millrace_users_raw')")
    await ingest()
    expectRefusal(
      await run('capture'),
      3,
      'slot millrace_users_raw is gone',
      'millrace apply --recapture users-raw',
    )
    expectRefusal(await run('apply'), 3, 'millrace apply --recapture users-raw')
    await millrace(['apply', '--recapture', 'users-raw'], env)
    await captureUntil(USERS + 2 * USERS)
  })

  it('should refuse to capture from a slot that was advanced behind its back, likewise', async () => {
    await ingest()
    await servers.sql("SELECT pg_replication_slot_advance('millrace_users_raw', pg_current_wal_lsn())")
    expectRefusal(await run('capture'), 3, 'was advanced to', 'millrace apply --recapture users-raw')
    await millrace(['apply', '--recapture', 'users-raw'], env)
    await captureUntil(3 * USERS + 3 * USERS)
  })

  it('should refuse a sink table that is not as stated, naming table and column', async () => {
    const table = `${servers.keyspace.name}.users_by_country`
    await servers.keyspace.execute(`DROP TABLE ${table}`)
    await servers.keyspace.execute(
      `CREATE TABLE ${table} (country_code text, user_id uuid, age_band int, full_name text, city text,
         registered_at timestamp, PRIMARY KEY (country_code, user_id))`,
    )
    for (const command of [`run ${INSIGHTS}`, 'plan', 'apply']) {
      expectRefusal(await run(command), 3, 'users_by_country', 'age_band')
    }
  })

  it('should name a server that can not be reached, its variable and the cure, within 30 seconds', async () => {
    const [port] = await freePorts(1)
    const closed = `127.0.0.1:${port}`
    const away = {
      KAFKA_BROKERS: closed,
      SCHEMA_REGISTRY_URL: `http://${closed}/`,
      DATABASE_URL: `postgresql://user:${SECRET}@${closed}/db`,
      CASSANDRA_CONTACT_POINTS: closed,
      RANDOM_USER_URL: `http://${closed}/api/`,
    }
    const cases: readonly (readonly [string, keyof typeof away])[] = [
      [`run ${INSIGHTS}`, 'KAFKA_BROKERS'],
      [`run ${INSIGHTS}`, 'SCHEMA_REGISTRY_URL'],
      [`run ${INSIGHTS}`, 'DATABASE_URL'],
      [`run ${INSIGHTS}`, 'CASSANDRA_CONTACT_POINTS'],
      ['ingest --once', 'RANDOM_USER_URL'],
      ['capture', 'DATABASE_URL'],
      ['apply', 'KAFKA_BROKERS'],
      ['verify', 'CASSANDRA_CONTACT_POINTS'],
    ]
    // What eight processes at a time need on this machine to begin, and to load what they work with.
    const since = performance.now()
    await Promise.all(cases.map(([command]) => run(`${command} --help`)))
    const toBegin = 2 * (performance.now() - since)
    await Promise.all(
      cases.map(async ([command, variable]) => {
        const since = performance.now()
        const ended = await run(command, { [variable]: away[variable] })
        const took = performance.now() - since
        expectRefusal(ended, 1, variable, closed)
        expect(took - toBegin, `${command} without ${variable}`).to.be.below(30_000)
      }),
    )
  })
})
