import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { Database } from '../../../../connectors/postgres/connection.ts'
import type { RunRequest } from '../../../../connectors/postgres/staging/ingest-run.ts'
import {
  type ClaimedRun,
  openStaging,
  type Staging,
} from '../../../../connectors/postgres/staging/staging.ts'
import { stagingResources } from '../../../../connectors/postgres/staging/staging-tables.ts'
import type { MillraceError } from '../../../../lib/errors.ts'
import { createSpecDatabase, type SpecDatabase } from '../../../support/spec-database.ts'

interface StagedRow {
  readonly payload: unknown
  readonly text: string | null
  readonly uuid: string | null
  readonly at: number
}

const NOON = Date.parse('2026-11-22T12:00:00Z')

describe('staging, on PostgreSQL', () => {
  let spec: SpecDatabase
  let database: Database
  let staging: Staging
  const claims: ClaimedRun[] = []

  before(async () => {
    spec = await createSpecDatabase()
    database = spec.database
    for (const resource of stagingResources(database)) await resource.create()
    staging = openStaging(database)
  })
  afterEach(() => {
    for (const claimed of claims.splice(0)) claimed.release()
  })
  after(() => spec?.drop())

  /** Seeds keep the runs of one spec apart from another's. */
  async function claim(request: Partial<RunRequest> = {}): Promise<ClaimedRun> {
    const claimed = await staging.claim({
      logicalTime: new Date(NOON),
      source: 'http://127.0.0.1/api/',
      seed: randomUUID(),
      pageSize: 10,
      pages: 5,
      ...request,
    })
    claims.push(claimed)
    return claimed
  }

  async function stage(
    claimed: ClaimedRun,
    elements: readonly unknown[],
    fetchedAt = NOON,
    retries = 0,
  ): Promise<void> {
    const texts = elements.map((element) => JSON.stringify(element))
    await claimed.stage({ elements: texts, fetchedAt, retries })
  }

  function rowsOf(runId: string): Promise<StagedRow[]> {
    return database.query<StagedRow & { [column: string]: unknown }>(
      'read what was staged',
      `select payload, payload_text as text, user_uuid as uuid,
        (extract(epoch from fetched_at) * 1000)::float8 as at
        from staging.random_users where run_id = $1 order by id`,
      [runId],
    )
  }

  const user = (uuid: string) => ({ login: { uuid } })

  it('should find its tables present once they are created, and say how others differ', async () => {
    const table = stagingResources(database).find(({ name }) => name === 'staging.random_users')!
    expect(await table.inspect()).to.equal('present')
    await Promise.all(stagingResources(database).map((resource) => resource.create()))

    await database.query('spoil it', 'alter table staging.random_users alter column run_id type varchar(9)')
    const found = await table.inspect()
    await database.query('repair it', 'alter table staging.random_users alter column run_id type text')

    expect(found).to.deep.equal({ differs: 'column run_id is character varying(9), should be text' })
  })

  it('should stage every element, however odd, in the order it came', async () => {
    const odd = [null, 42, 1.5, 'text', true, [], [1, user('x')], {}, { login: null }, { login: [1] }]
    const alsoOdd = [
      { login: { uuid: 7 } },
      { login: { uuid: 'x'.repeat(10_000) } },
      { big: 'ä'.repeat(2_000_000) },
    ]
    const claimed = await claim()

    await stage(claimed, [...odd, ...alsoOdd])

    const rows = await rowsOf(claimed.run.runId)
    expect(rows.map(({ payload }) => payload)).to.deep.equal([...odd, ...alsoOdd])
    expect(claimed.run).to.include({ fetched: 13, staged: 13, asText: 0, duplicates: 0 })
  })

  it('should stage what jsonb refuses as its text, and the rest of the page as jsonb', async () => {
    const refused = [
      '{"name":"\\u0000"}',
      '"\\ud800"',
      '{"login":{"uuid":"\\udfff"}}',
      '1e999999',
      `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
    ]
    const kept = ['{"n":12345678901234567890.5}', '"\\\\u0000"']
    const claimed = await claim()

    await claimed.stage({ elements: [kept[0]!, ...refused, kept[1]!], fetchedAt: NOON, retries: 0 })

    const rows = await database.query<{ json: string; text: string }>(
      'read',
      'select payload::text as json, payload_text as text from staging.random_users where run_id = $1 order by id',
      [claimed.run.runId],
    )
    expect(rows.map(({ text }) => text)).to.deep.equal([null, ...refused, null])
    expect([rows[0]?.json, rows.at(-1)?.json]).to.deep.equal(['{"n": 12345678901234567890.5}', kept[1]])
    expect(claimed.run).to.include({ fetched: 7, staged: 7, asText: 5 })
  })

  it('should give the records of one uuid distinct, rising milliseconds within a page and across pages', async () => {
    const [a, b] = [randomUUID(), randomUUID()]
    const claimed = await claim()

    await stage(claimed, [user(a), user(b), user(a.toUpperCase()), user(a)], NOON)
    await stage(claimed, [user(a), user(b)], NOON)
    await stage(claimed, [user(a)], NOON - 60_000)

    const rows = await rowsOf(claimed.run.runId)
    const of = (uuid: string) => rows.filter((row) => row.uuid === uuid).map(({ at }) => at - NOON)
    expect(of(a)).to.deep.equal([0, 1, 2, 3, 4])
    expect(of(b)).to.deep.equal([0, 1])
    expect(claimed.run).to.include({ staged: 7, duplicates: 5 })
  })

  it('should give concurrent runs distinct milliseconds for the same uuids, and count no duplicates across them', async () => {
    const uuids = Array.from({ length: 20 }, () => randomUUID())
    const runs = await Promise.all([claim(), claim(), claim(), claim()])

    await Promise.all(
      runs.flatMap((claimed) => [
        (async () => {
          await stage(claimed, uuids.map(user))
          await stage(claimed, uuids.map(user))
        })(),
      ]),
    )

    const found = await database.query<{ rows: number; distinct: number }>(
      'count',
      `select count(*)::int as rows, count(distinct fetched_at)::int as distinct
        from staging.random_users where user_uuid = any($1) group by user_uuid`,
      [uuids],
    )
    expect(found).to.have.length(20)
    for (const each of found) expect(each).to.deep.equal({ rows: 8, distinct: 8 })
    expect(runs.map(({ run }) => run.duplicates)).to.deep.equal([20, 20, 20, 20])
  })

  it('should keep the history of a run', async () => {
    const claimed = await claim({ pages: 2, firstPage: 7, runId: `history-${randomUUID()}` })
    await stage(claimed, [user('a'), user('a')], NOON, 3)
    await stage(claimed, [], NOON, 1)
    await claimed.finish('succeeded')

    const [row] = await database.query('read', 'select * from millrace.ingest_runs where run_id = $1', [
      claimed.run.runId,
    ])
    expect(row).to.include({ state: 'succeeded', source: 'http://127.0.0.1/api/', error: null })
    expect(row).to.include({ first_page: 7, page_size: 10, pages: 2, pages_done: 2, requested: '20' })
    expect(row).to.include({ fetched: '2', staged: '2', duplicates: '1', as_text: '0', retries: '4' })
    expect(row?.logical_time).to.deep.equal(new Date(NOON))
    expect(row?.finished_at).to.be.at.least(row?.started_at as Date)
  })

  it('should begin after the pages fetched or promised with this seed and size', async () => {
    const seed = randomUUID()
    const first = await claim({ seed })
    const beside = await claim({ seed })
    expect([first.run.firstPage, beside.run.firstPage]).to.deep.equal([1, 6])

    await stage(first, [])
    await first.finish('failed', 'the API went away')
    await beside.finish('failed', 'it too')

    expect((await claim({ seed })).run.firstPage).to.equal(6)
    expect((await claim({ seed, pageSize: 11 })).run.firstPage).to.equal(1)
  })

  it('should resume a run that its process left, with the page that was not counted', async () => {
    const seed = randomUUID()
    const first = await claim({ seed })
    await stage(first, [user('a')])
    first.release()

    const second = await claim({ seed })
    expect(second.run).to.include({ runId: first.run.runId, pagesDone: 1, staged: 1, state: 'running' })
    await stage(second, [user('b')])

    expect(second.run).to.include({ pagesDone: 2, staged: 2 })
  })

  it('should let nobody else work on a run that is alive', async () => {
    const seed = randomUUID()
    const alive = await claim({ seed })

    expect((await claim({ seed })).run.runId).to.not.equal(alive.run.runId)
    const refused = await claim({ runId: alive.run.runId }).catch((error: MillraceError) => error)

    expect(refused).to.include({ code: 'FENCED' })
  })

  it('should resume a failed run by name, and leave a succeeded one as it is', async () => {
    const runId = randomUUID()
    const first = await claim({ runId })
    await first.finish('failed', 'why')
    first.release()
    const second = await claim({ runId })
    expect(second.run).to.include({ state: 'running', error: null, finishedAt: null })
    await second.finish('succeeded')
    second.release()

    expect((await claim({ runId })).run.state).to.equal('succeeded')
  })

  it('should stage nothing when the run was moved on behind its back', async () => {
    const claimed = await claim()
    await database.query('meddle', 'update millrace.ingest_runs set pages_done = 1 where run_id = $1', [
      claimed.run.runId,
    ])

    const refused = await stage(claimed, [user('a')]).catch((error: MillraceError) => error)

    expect(refused).to.include({ code: 'FENCED' })
    expect(await rowsOf(claimed.run.runId)).to.deep.equal([])
  })

  it('should name the missing table and its cure, and no value', async () => {
    const empty = await createSpecDatabase()
    try {
      const request = { logicalTime: new Date(), source: 's', seed: 'hush', pageSize: 1, pages: 1 }
      const error = await openStaging(empty.database)
        .claim(request)
        .catch((reason: MillraceError) => reason)

      expect(error).to.include({ code: 'MISSING' })
      expect((error as MillraceError).message)
        .to.include('millrace.ingest_runs')
        .and.include('millrace apply')
      expect((error as MillraceError).message).to.not.include('hush')
    } finally {
      await empty.drop()
    }
  })
})
