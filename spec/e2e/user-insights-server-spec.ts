import { readFileSync } from 'node:fs'
import avro from 'avsc'
import { expect } from 'chai'
import { startRandomUserServer } from '../../connectors/http/random-user-server.ts'
import { untilCaptured } from '../support/captured.ts'
import { consumeUntilQuiet, consumeWholeTopic, type ShownRecord } from '../support/console-consumer.ts'
import { millrace, startMillrace } from '../support/millrace.ts'
import { type PipelineServers, startPipelineServers } from '../support/pipeline-servers.ts'
import { readmeBlocks } from '../support/readme.ts'
import { brokenUsers } from './broken-users.ts'
import { servedAgain, spoiled } from './changed-users.ts'
import { type Expected, expectedRows } from './expected-rows.ts'
import { findIn, logBytes } from './log-scan.ts'
import { mixed, recorded } from './recorded.ts'
import { secretFields, secretsOf } from './secrets.ts'
import { differences, plain, type Row } from './stored-rows.ts'

const TOPICS = ['users.raw', 'users.raw.dlq', 'users.insights', 'user-insights.dlq'] as const

/** Those that are written in transactions, whose ends say nothing of how many records there are. */
const TRANSACTIONAL: ReadonlySet<string> = new Set(TOPICS.slice(2))

type Topics = Readonly<Record<(typeof TOPICS)[number], readonly ShownRecord[]>>

const secrets = secretsOf([...recorded, ...brokenUsers.map(({ whole }) => whole)])

describe('the user-insights pipeline on real servers', () => {
  let servers: PipelineServers
  let expected: Expected
  let topics: Topics
  let usersById: Map<string, Row>
  let usersByCountry: Map<string, Row>
  let countsByCountry: Map<string, Row>

  before(async () => {
    servers = await startPipelineServers()
    await millrace(['apply'], servers.env)
    await commandByCommand(
      servers,
      mixed<unknown>(
        recorded,
        brokenUsers.map(({ element }) => element),
      ),
    )
    await look()
  })

  after(() => servers?.stop())

  async function look(): Promise<void> {
    expected = await expectedRows(servers.env.DATABASE_URL!)
    const read = await Promise.all(
      TOPICS.map((topic) => {
        const consume = TRANSACTIONAL.has(topic) ? consumeUntilQuiet : consumeWholeTopic
        return consume(servers.env.KAFKA_BROKERS!, topic)
      }),
    )
    topics = Object.fromEntries(TOPICS.map((topic, index) => [topic, read[index]])) as unknown as Topics
    usersById = await table('users_by_id', ['user_id'])
    usersByCountry = await table('users_by_country', ['country_code', 'user_id'])
    countsByCountry = await table('user_counts_by_country', ['country_code', 'day', 'window_start'])
  }

  async function table(name: string, key: readonly string[]): Promise<Map<string, Row>> {
    const rows = await servers.keyspace.select<Row>(`SELECT * FROM ${servers.keyspace.name}.${name}`)
    return new Map(rows.map(plain).map((row) => [key.map((column) => row[column]).join('/'), row]))
  }

  function shouldHoldTheExpectedRows(): void {
    it('should hold the expected rows in users_by_id, field by field', () => {
      expect(differences(expected.usersById, usersById, ['source'])).to.deep.equal([])
    })

    it('should hold the expected rows in users_by_country, field by field', () => {
      expect(differences(expected.usersByCountry, usersByCountry)).to.deep.equal([])
    })

    it('should have sent the same insights to users.insights', () => {
      const insights = new Map(
        topics['users.insights'].map(insightOf).map((row) => [String(row.user_id), row]),
      )
      expect(differences(expected.usersById, insights, ['source'])).to.deep.equal([])
    })

    it('should name in source a record of that user and time in users.raw', () => {
      const raw = new Map(
        topics['users.raw'].map(({ partition, offset, key, timestamp }) => [
          `users.raw/${partition}/${offset}`,
          `${key} ${timestamp}`,
        ]),
      )
      const wrong = [...usersById.values()].filter(
        ({ user_id, fetched_at, source }) => raw.get(String(source)) !== `${user_id} ${fetched_at}`,
      )
      expect(wrong).to.deep.equal([])
    })

    it('should keep passwords, salts, hashes and national id numbers out of every byte of every topic', () => {
      const bytes = logBytes(servers.kafka.dataDir)
      const emails = recorded.map(({ email }) => email)
      expect(findIn(bytes, emails), 'the search finds what is there').to.have.lengthOf(new Set(emails).size)
      expect(secrets.size).to.be.above(8000)
      expect([...findIn(bytes, secrets)]).to.deep.equal([])
      expect(secretFields.filter((name) => bytes.includes(name))).to.deep.equal([])
    })
  }

  describe('apply, ingest, capture and run, of 1,570 users and 30 broken ones', () => {
    it('should hold 1,570 users in both tables', () => {
      expect(expected.usersById.size).to.equal(1570)
      expect([usersById.size, usersByCountry.size]).to.deep.equal([1570, 1570])
    })

    shouldHoldTheExpectedRows()

    it('should have 30 dead letters, each with the reason for which the oracle expects it', () => {
      expect(expected.refused).to.have.lengthOf(30)
      const captured = lettersByOrigin(topics['users.raw.dlq'], (letter) =>
        letter.headers.get('millrace.dlq.id'),
      )
      const processed = lettersByOrigin(topics['user-insights.dlq'], (letter) => String(letter.key))
      expect([captured.size, processed.size], 'by topic').to.deep.equal([
        expected.refused.filter(({ topic }) => topic === 'users.raw.dlq').length,
        expected.refused.filter(({ topic }) => topic === 'user-insights.dlq').length,
      ])
      const inOrder = expected.refused.toSorted((a, b) => Number(a.stagingId) - Number(b.stagingId))
      const wrong = inOrder.flatMap(({ topic, stagingId, uuid }, index) => {
        const reason = (topic === 'users.raw.dlq' ? captured.get(stagingId) : processed.get(uuid)) ?? 'none'
        return brokenUsers[index]?.reason.test(reason) ? [] : [`${brokenUsers[index]?.reason}: ${reason}`]
      })
      expect(wrong).to.deep.equal([])
    })

    it('should give dead letters of capture no payload, and those of the topology their very bytes', () => {
      expect(topics['users.raw.dlq'].filter(({ value }) => value !== null)).to.deep.equal([])
      const raw = new Map(
        topics['users.raw'].map(({ partition, offset, value }) => [`${partition}/${offset}`, value]),
      )
      for (const { headers, value } of topics['user-insights.dlq']) {
        const origin = `${headers.get('millrace.dlq.partition')}/${headers.get('millrace.dlq.offset')}`
        expect(value).to.deep.equal(raw.get(origin))
      }
    })

    it('should verify', () => shouldVerify(1600, 1))
  })

  describe('up --once, when the API returns them again with changes', () => {
    let keys: { byId: string[]; byCountry: string[] }

    before(async () => {
      keys = { byId: [...usersById.keys()].sort(), byCountry: [...usersByCountry.keys()].sort() }
      const api = await startRandomUserServer({ elements: servedAgain })
      const again = { RANDOM_USER_URL: api.url, RANDOM_USER_RESULTS: '2000', RANDOM_USER_SEED: 'again' }
      try {
        await millrace(['up', '--once'], { ...servers.env, ...again })
      } finally {
        await api.close()
      }
      await look()
    })

    it('should leave the same keys', () => {
      expect([...usersById.keys()].sort()).to.deep.equal(keys.byId)
      expect([...usersByCountry.keys()].sort()).to.deep.equal(keys.byCountry)
    })

    shouldHoldTheExpectedRows()

    it('should have counted every captured user by country and minute, the last ones because the input is idle', () => {
      expect(differences(expected.countsByCountry, countsByCountry)).to.deep.equal([])
    })

    it('should keep the row of a user who came without e-mail this time', () => {
      expect(usersById.get(spoiled.login.uuid)).to.include({ email: spoiled.email })
      expect(topics['user-insights.dlq'].at(-1)?.headers.get('millrace.dlq.reason')).to.match(/e-mail/)
    })

    it('should verify', () => shouldVerify(1600 + servedAgain.length, 2))
  })

  describe("the README's queries", () => {
    let answers: Record<string, unknown>[][]

    before(async () => {
      const [counted] = countsOf('NO')
      const queries = readmeBlocks('cql').map((cql) =>
        cql
          .replace(/FROM /, `FROM ${servers.keyspace.name}.`)
          .replace(/day = '[^']+'/, `day = '${counted!.day}'`),
      )
      answers = []
      for (const cql of queries)
        answers.push((await servers.keyspace.select<Row>(cql.replace(/;\s*$/, ''))).map(plain))
    })

    function countsOf(country: string): Row[] {
      return [...expected.countsByCountry.values()].filter((row) => row.country_code === country)
    }

    it('should answer by user, by country, by country and age band, and by country and day', () => {
      const norwegians = [...expected.usersByCountry.values()].filter((row) => row.country_code === 'NO')
      const young = norwegians.filter((row) => row.age_band === '25-34')
      const [counted] = countsOf('NO')
      const minutes = countsOf('NO').filter(({ day }) => day === counted!.day)
      expect(answers.map((rows) => rows.length)).to.deep.equal([
        1,
        norwegians.length,
        young.length,
        minutes.length,
      ])
      expect(young.length).to.be.within(1, norwegians.length - 1)
      const names = (rows: readonly Row[]) => rows.map((row) => row.full_name).sort()
      expect(names(answers[1]!)).to.deep.equal(names(norwegians))
      expect(names(answers[2]!)).to.deep.equal(names(young))
      const users = (rows: readonly Row[]) => rows.map((row) => row.users).sort()
      expect(users(answers[3]!)).to.deep.equal(users(minutes))
    })
  })

  async function shouldVerify(fetched: number, times: number): Promise<void> {
    const report = JSON.parse(await millrace(['verify', '--json'], servers.env))
    const counts = Object.fromEntries(
      report.hops.map(({ hop, records, keys }: Record<string, unknown>) => [hop, [records, keys]]),
    )
    const [letters, captured] = [topics['user-insights.dlq'].length, topics['users.raw.dlq'].length]
    expect(counts.api[0]).to.equal(fetched)
    expect(counts.staging[0]).to.equal(fetched)
    expect(counts['users.raw'][0]).to.equal(fetched - captured)
    expect(counts['users.raw.dlq'][0]).to.equal(captured)
    expect(counts['users.insights']).to.deep.equal([fetched - captured - letters, 1570])
    expect(counts['user-insights.dlq'][0]).to.equal(letters)
    expect(counts.users_by_id).to.deep.equal([1570, 1570])
    expect(counts.users_by_country).to.deep.equal([1570, 1570])
    expect(report).to.deep.include({ findings: [], pending: 0, exitCode: 0 })
    const runs = await servers.sql('SELECT FROM millrace.ingest_runs WHERE state = $1', ['succeeded'])
    expect(runs).to.have.lengthOf(times)
  }
})

/** Each hop by its own command, capture beside the others as it would be. */
async function commandByCommand(servers: PipelineServers, elements: readonly unknown[]): Promise<void> {
  const { env } = servers
  const api = await startRandomUserServer({ elements })
  const capture = startMillrace(['capture'], env)
  try {
    await millrace(['ingest', '--once', '--results', '400', '--pages', '4'], {
      ...env,
      RANDOM_USER_URL: api.url,
    })
    await untilCaptured(servers)
    await millrace(['run', 'topologies/user-insights.ts', '--until-caught-up'], env)
  } finally {
    await api.close()
    capture.kill('SIGTERM')
  }
  const { code, stderr } = await capture.ended
  expect(code, stderr).to.equal(0)
}

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/user-insight.v1.avsc', import.meta.url), 'utf8'),
)
const userInsight = avro.Type.forSchema(schema)

/** Behind five bytes of magic and schema id. Without logical types, a date is days since 1970. */
function insightOf({ value }: ShownRecord): Row {
  const row = userInsight.fromBuffer(value!.subarray(5))
  const date = row.birth_date
  return { ...row, birth_date: date === null ? null : new Date(date * 86_400_000).toISOString().slice(0, 10) }
}

function lettersByOrigin(
  letters: readonly ShownRecord[],
  origin: (letter: ShownRecord) => string | undefined,
): Map<string | undefined, string | undefined> {
  return new Map(letters.map((letter) => [origin(letter), letter.headers.get('millrace.dlq.reason')]))
}
