import { expect } from 'chai'
import { startRandomUserServer } from '../../connectors/http/random-user-server.ts'
import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import { expectedRows } from '../e2e/expected-rows.ts'
import { differences, plain, type Row } from '../e2e/stored-rows.ts'
import { lagOf } from '../support/group.ts'
import { millrace } from '../support/millrace.ts'
import { startPipelineServers } from '../support/pipeline-servers.ts'
import { Hop } from './hop.ts'
import { type Hit, inKafka, killCapture, killIngest, killWorker, type Stage, sum } from './kills.ts'
import { openPageGate } from './page-gate.ts'
import { isFull } from './support/row-records.ts'

const PAGES = 40
const PAGE_SIZE = 500
const USERS = PAGES * PAGE_SIZE
/** Of the pages, as many as are recorded at least when the hops are killed. */
const POINTS = isFull() ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((tenth) => tenth * 0.08) : [0.2, 0.4, 0.6]
/** In the order in which records go through them. */
const READ = [
  'users.raw',
  'user-insights-users-by-id-repartition',
  'user-insights-users-by-country-repartition',
]
/** Most differences in a failure's message. */
const SHOWN = 20

describe('kill -9 of each hop', function () {
  this.timeout(600_000)

  let stage: Stage
  let env: Record<string, string>
  const captureHits: Hit[] = []
  const hops: Hop[] = []

  before(async () => {
    const servers = await startPipelineServers()
    const api = await startRandomUserServer()
    const broker = kafkaBroker({ brokers: [servers.env.KAFKA_BROKERS!] })
    env = { ...servers.env, RANDOM_USER_URL: api.url }
    await millrace(['apply'], env)
    const gate = await openPageGate(servers.env.DATABASE_URL!, PAGES)
    stage = { ...servers, api, broker, gate, pageSize: PAGE_SIZE }
  })

  after(async () => {
    await Promise.all(hops.map((hop) => hop.clear()))
    await stage?.gate.close()
    await stage?.broker.close()
    await stage?.api.close()
    await stage?.stop()
  })

  it('should hit unacknowledged records each time, in ingest, capture and worker', async () => {
    const worker = hop(['run', 'topologies/user-insights.ts'])
    const capture = hop(['capture'])
    // It would wait for the page that the ingest has in hand.
    await capture.until('its snapshot is taken', snapshotTaken)
    const ingest = hop(['ingest', '--once', '--results', `${PAGE_SIZE}`, '--pages', `${PAGES}`])

    const ingestHits: Hit[] = []
    const workerHits: Hit[] = []
    for (const share of POINTS) {
      await stage.gate.allow(share * PAGES)
      ingestHits.push(await killed('ingest', ingest, killIngest))
      captureHits.push(await killed('capture', capture, killCapture))
      workerHits.push(await killed('worker', worker, killWorker))
    }
    await stage.gate.allowAll()
    for (const { unacknowledged, evidence } of [...ingestHits, ...captureHits, ...workerHits]) {
      expect(unacknowledged, evidence).to.be.greaterThan(0)
    }

    expect(await ingest.ended).to.deep.include({ code: 0, signal: null })
    const [end] = await stage.sql<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn')
    await capture.until('all captured', () => captured(end!.lsn))
    capture.signal('SIGTERM')
    expect(await capture.ended).to.deep.include({ code: 0, signal: null })
    await worker.until('lag 0', processedAll)
    worker.signal('SIGTERM')
    expect(await worker.ended).to.deep.include({ code: 0, signal: null })
  })

  it('should have fetched each interrupted page again and staged every user once', async () => {
    const [run] = await stage.sql<object>(
      'SELECT state, pages_done, fetched::int, staged::int FROM millrace.ingest_runs',
    )
    expect(run).to.deep.equal({ state: 'succeeded', pages_done: PAGES, fetched: USERS, staged: USERS })
    const [staged] = await stage.sql<object>(
      'SELECT count(*)::int AS rows, count(DISTINCT user_uuid)::int AS users FROM staging.random_users',
    )
    expect(staged).to.deep.equal({ rows: USERS, users: USERS })
    expect(stage.api.requests).to.have.lengthOf(PAGES + POINTS.length)
  })

  it('should have sent again what the position of the capture did not cover', async () => {
    const repeated = (await inKafka(stage)) - USERS
    expect(repeated).to.be.at.least(sum(captureHits.map(({ unacknowledged }) => unacknowledged)))
  })

  it('should hold the rows of the plain script, all of them', async () => {
    const { usersById, usersByCountry, refused } = await expectedRows(env.DATABASE_URL!)
    expect(refused).to.deep.equal([])
    expect(usersById.size).to.equal(USERS)
    const byId = await rows('users_by_id', ['user_id'])
    expect(differences(usersById, byId, ['source']).slice(0, SHOWN)).to.deep.equal([])
    const byCountry = await rows('users_by_country', ['country_code', 'user_id'])
    expect(differences(usersByCountry, byCountry).slice(0, SHOWN)).to.deep.equal([])
  })

  it('should leave lag 0, says the consumer group tool of Kafka', async () => {
    const group = await lagOf('user-insights', env.KAFKA_BROKERS)
    const positions = group.filter(({ topic }) => topic === 'users.raw')
    expect(positions.map(({ lag }) => lag)).to.deep.equal([0, 0, 0, 0])
  })

  it('should verify', async () => {
    const report = await millrace(['verify'], env)
    console.log(report.trimEnd().replaceAll(/^/gm, '      '))
    expect(report).to.contain('verified: every hop holds what it should')
  })

  async function rows(table: string, key: readonly string[]): Promise<Map<string, Row>> {
    const { keyspace } = stage
    const stored = await keyspace.select<Row>(`SELECT * FROM ${keyspace.name}.${table}`)
    return new Map(stored.map(plain).map((row) => [key.map((column) => row[column]).join('/'), row]))
  }

  function hop(args: readonly string[]): Hop {
    const started = new Hop(args, env)
    hops.push(started)
    return started
  }

  /** Killed at work, and started again. */
  async function killed(
    name: string,
    hop: Hop,
    kill: (hop: Hop, stage: Stage) => Promise<Hit>,
  ): Promise<Hit> {
    const hit = await kill(hop, stage)
    console.log(`      ${name} killed, ${stage.gate.allowed} pages: ${hit.evidence}`)
    hop.restart()
    return hit
  }

  async function snapshotTaken(): Promise<true | undefined> {
    const [capture] = await stage.sql<{ snapshot: string }>('SELECT snapshot FROM millrace.captures')
    return capture?.snapshot === 'done' || undefined
  }

  async function captured(lsn: string): Promise<true | undefined> {
    const [position] = await stage.sql<{ passed: boolean }>(
      'SELECT lsn >= $1::pg_lsn AS passed FROM millrace.captures',
      [lsn],
    )
    return position?.passed || undefined
  }

  async function processedAll(): Promise<true | undefined> {
    const { admin } = stage.broker
    for (const topic of READ) {
      const committed = await admin.committed('user-insights', [topic])
      const at = new Map(committed.map(({ partition, offset }) => [partition, offset]))
      const ranges = await admin.offsets(topic)
      if (ranges.some(({ partition, end }) => (at.get(partition) ?? 0) < end)) return undefined
    }
    // What a transaction has written is seen some moments after its positions.
    const byId = await rows('users_by_id', ['user_id'])
    const byCountry = await rows('users_by_country', ['country_code', 'user_id'])
    return (byId.size >= USERS && byCountry.size >= USERS) || undefined
  }
})
