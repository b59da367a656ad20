import { expect } from 'chai'
import { startRandomUserServer } from '../../connectors/http/random-user-server.ts'
import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import { type Headers, NO_HEADERS, type RawRecord } from '../../lib/record.ts'
import { untilCaptured } from '../support/captured.ts'
import { type Ended, millrace, runMillrace, startMillrace } from '../support/millrace.ts'
import { type PipelineServers, startPipelineServers } from '../support/pipeline-servers.ts'
import { brokenUsers } from './broken-users.ts'
import { recorded } from './recorded.ts'

const users = recorded.slice(0, 40)
/** Two that capture refuses, and one that the topology refuses. */
const broken = [brokenUsers[0]!, brokenUsers[27]!, brokenUsers[17]!].map(({ element }) => element)
const [first, second] = users as [(typeof users)[0], (typeof users)[0]]

describe('millrace verify on real servers', () => {
  let servers: PipelineServers

  before(async () => {
    servers = await startPipelineServers()
    await ingest([...users, ...broken, { ...first, gender: 'OTHER' }])
    await repeatRawRecord(servers, second.login.uuid)
    await millrace(['run', 'topologies/user-insights.ts', '--until-caught-up'], servers.env)
  })

  after(() => servers?.stop())

  async function ingest(elements: readonly unknown[]): Promise<void> {
    const api = await startRandomUserServer({ elements })
    try {
      await millrace(['up', '--once'], { ...servers.env, RANDOM_USER_URL: api.url })
    } finally {
      await api.close()
    }
  }

  const verify = (...args: string[]): Promise<Ended> => runMillrace(['verify', ...args], servers.env)
  const table = (name: string) => `${servers.keyspace.name}.${name}`

  it('should count records, keys and duplicates hop by hop, and exit 0', async () => {
    const { code, stdout, stderr } = await verify('--json')
    expect(code, stdout + stderr).to.equal(0)
    const equal = { missing: 0, different: 0, tooMany: 0 }
    const report = JSON.parse(stdout)
    const [windows, late, minutes] = ['users.counts', 'users.late', 'user_counts_by_country'].map((name) =>
      report.hops.find(({ hop }: { hop: string }) => hop === name),
    )
    // How many minutes the runs took is not for us to say.
    expect(windows).to.include({ ...equal, keys: minutes.keys, duplicates: windows.records - minutes.keys })
    expect(minutes).to.include({ ...equal, duplicates: 0 })
    expect(late).to.deep.equal({ hop: 'users.late', records: 0, ...equal })
    const [again, ...noOther] = report.duplicated
    expect(again).to.include({ hop: 'users.raw', key: second.login.uuid, kind: 'duplicated' })
    expect(again.cause).to.include('captured again')
    expect(noOther).to.deep.equal([])
    const others = report.hops.filter((hop: unknown) => ![windows, late, minutes].includes(hop))
    expect({ ...report, hops: others }).to.deep.equal({
      hops: [
        { hop: 'api', records: 44, ...equal },
        { hop: 'staging', records: 44, keys: 41, duplicates: 1, ...equal },
        { hop: 'users.raw', records: 43, keys: 41, duplicates: 2, ...equal },
        { hop: 'users.raw.dlq', records: 2, keys: 2, duplicates: 0, ...equal },
        { hop: 'users_by_id', records: 40, keys: 40, duplicates: 0, ...equal },
        { hop: 'users_by_country', records: 40, keys: 40, duplicates: 0, ...equal },
        { hop: 'users.insights', records: 42, keys: 40, duplicates: 2, ...equal },
        { hop: 'user-insights.dlq', records: 1, keys: 1, duplicates: 0, ...equal },
      ],
      findings: [],
      duplicated: report.duplicated,
      pending: 0,
      exitCode: 0,
    })
  })

  it('should say so as a table', async () => {
    const { stdout } = await verify()
    expect(stdout)
      .to.match(/^hop +records +keys +duplicates +missing +different +too many$/m)
      .and.to.match(/^users\.raw +43 +41 +2 +0 +0 +0$/m)
      .and.to.match(/^verified/m)
  })

  it('should exit 4 naming hop, key and column of a cell changed by hand', async () => {
    const { uuid } = first.login
    const set = (city: string) =>
      servers.keyspace.execute(
        `UPDATE ${table('users_by_country')} SET city = '${city}' WHERE country_code = '${first.nat}' AND user_id = ${uuid}`,
      )
    await set('Atlantis')
    const { code, stdout } = await verify()
    expect(stdout)
      .to.include(`different at users_by_country: ${first.nat}/${uuid} (city)`)
      .and.not.include('Atlantis')
    expect(code).to.equal(4)
    await set(first.location.city)
  })

  it('should exit 4 naming country and minute of a count changed by hand', async () => {
    const [row] = await servers.keyspace.select<{ '[json]': string; users: number }>(
      `SELECT JSON * FROM ${table('user_counts_by_country')} LIMIT 1`,
    )
    const { country_code, day, window_start, users } = JSON.parse(row!['[json]'])
    const set = (value: number) =>
      servers.keyspace.execute(
        `UPDATE ${table('user_counts_by_country')} SET users = ${value} WHERE country_code = '${country_code}' AND day = '${day}' AND window_start = '${window_start}'`,
      )
    await set(users + 1)
    const { code, stdout } = await verify()
    expect(stdout).to.include(`different at user_counts_by_country: ${country_code}/`).and.include('(users)')
    expect(code).to.equal(4)
    await set(users)
  })

  it('should exit 4 naming hop and key of a row too many', async () => {
    const stranger = '00000000-0000-4000-8000-000000000000'
    await servers.keyspace.execute(
      `INSERT INTO ${table('users_by_id')} (user_id, email) VALUES (${stranger}, 'x')`,
    )
    const { code, stdout } = await verify('--json')
    const [finding, ...others] = JSON.parse(stdout).findings
    expect(finding).to.include({ hop: 'users_by_id', key: stranger, kind: 'too many' })
    expect(finding.cause).to.match(/^a row nobody sent, written at 2/)
    expect(others).to.deep.equal([])
    expect(code).to.equal(4)
    await servers.keyspace.execute(`DELETE FROM ${table('users_by_id')} WHERE user_id = ${stranger}`)
  })

  it('should exit 3 naming hop and key of a row deleted by hand', async () => {
    const where = `WHERE user_id = ${second.login.uuid}`
    const kept = await servers.keyspace.select<{ '[json]': string }>(
      `SELECT JSON * FROM ${table('users_by_id')} ${where}`,
    )
    await servers.keyspace.execute(`DELETE FROM ${table('users_by_id')} ${where}`)
    const { code, stdout } = await verify()
    expect(stdout).to.include(`missing at users_by_id: ${second.login.uuid}`)
    expect(code).to.equal(3)
    const row = kept[0]!['[json]'].replaceAll("'", "''")
    await servers.keyspace.execute(`INSERT INTO ${table('users_by_id')} JSON '${row}'`)
  })

  it('should find nothing wrong while users are fetched, captured and processed again and again, and mend one that is not', async () => {
    const elements = Array.from({ length: 1000 }, (_, round) =>
      users.slice(1).map((user) => ({ ...user, phone: String(round) })),
    ).flat()
    const api = await startRandomUserServer({ elements })
    const variables = { ...servers.env, RANDOM_USER_URL: api.url }
    const pages = ['--once', '--results', '8', '--page', '1', '--pages', '5000']
    const capture = startMillrace(['capture'], variables)
    const worker = startMillrace(['run', 'topologies/user-insights.ts'], variables)
    const ingested = startMillrace(['ingest', ...pages], variables)
    try {
      await ingested.printed(/page \d{3,} of/)
      const { code, stdout, stderr } = await verify()
      expect(code, stdout + stderr).to.equal(0)
      await mendWhileItRuns()
      ingested.kill('SIGTERM')
      expect((await ingested.ended).stdout).to.match(/stopped: \d{3,} fetched/)
      await untilCaptured(servers)
    } finally {
      for (const process of [capture, worker, ingested]) process.kill('SIGTERM')
      await Promise.all([capture.ended, worker.ended, ingested.ended, api.close()])
    }
  })

  async function mendWhileItRuns(): Promise<void> {
    const where = `WHERE user_id = ${first.login.uuid}`
    const select = `SELECT JSON * FROM ${table('users_by_id')} ${where}`
    const [row] = await servers.keyspace.select(select)
    await servers.keyspace.execute(`DELETE FROM ${table('users_by_id')} ${where}`)
    const { code, stdout, stderr } = await verify('--repair', '--yes', '--json')
    expect(code, stdout + stderr).to.equal(0)
    const { findings, repairs } = JSON.parse(stdout)
    expect(findings.map(({ key }: { key: string }) => key)).to.deep.equal([first.login.uuid])
    expect(repairs.map(({ outcome }: { outcome: string }) => outcome)).to.deep.equal(['mended'])
    expect(await servers.keyspace.select(select)).to.deep.equal([row])
  }

  it('should exit 3 naming a staged user that capture never saw', async () => {
    const uuid = '11111111-1111-4111-8111-111111111111'
    const staged = { ...first, login: { ...first.login, uuid } }
    await servers.sql(
      `INSERT INTO staging.random_users (run_id, payload, fetched_at)
       SELECT run_id, $1, now() FROM millrace.ingest_runs LIMIT 1`,
      [staged],
    )
    const { code, stdout } = await verify('--json')
    const { findings } = JSON.parse(stdout)
    const [, missing] = findings
    expect(missing).to.include({ hop: 'users.raw', key: uuid, kind: 'missing' })
    expect(missing.cause).to.match(/^staged row \d+ was never captured/)
    expect(findings.map(({ kind }: { kind: string }) => kind)).to.deep.equal(['too many', 'missing'])
    expect(code).to.equal(3)
  })

  it('should name a record that somebody else has written to users.raw', async () => {
    await repeatRawRecord(servers, second.login.uuid, NO_HEADERS)
    const { stdout } = await verify('--json')
    const found = JSON.parse(stdout).findings.find(({ hop }: { hop: string }) => hop === 'users.raw')
    expect(found).to.include({ hop: 'users.raw', key: second.login.uuid, kind: 'too many' })
    expect(found.cause).to.include('names no staged row')
  })
})

/** Writes a record of `users.raw` once more, as a capture that was killed does. */
async function repeatRawRecord({ env }: PipelineServers, uuid: string, headers?: Headers): Promise<void> {
  const broker = kafkaBroker({ brokers: [env.KAFKA_BROKERS!] })
  try {
    const ranges = (await broker.admin.offsets('users.raw')).map(({ partition, earliest, end }) => {
      return { topic: 'users.raw', partition, from: earliest, to: end }
    })
    const found: RawRecord[] = []
    for await (const { records } of broker.read(ranges)) {
      found.push(...records.filter(({ key }) => String(key) === uuid))
    }
    const { topic, partition, key, value, timestamp, headers: own } = found[0]!
    const producer = await broker.producer({ clientId: 'spec' })
    await producer.send([{ topic, partition, key, value, timestamp, headers: headers ?? own }])
    await producer.close()
  } finally {
    await broker.close()
  }
}
