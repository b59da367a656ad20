import { expect } from 'chai'
import { postgres } from '../../../../connectors/postgres/index.ts'
import { type Logger, SILENT } from '../../../../lib/log.ts'
import { rejectionOf } from '../../../contract/failure-of.ts'
import { NOON, never, openSinkStage, rowAt, type SinkStage } from './sink-stage.ts'

const users = postgres('users', { columns: { id: 'text', size: 'int' }, primaryKey: ['id'] })
const once = postgres('once', {
  columns: { id: 'text', size: 'int', note: 'text' },
  primaryKey: ['id'],
  absent: 'unset',
})

describe('batches of a PostgreSQL sink', () => {
  const warnings: string[] = []
  const logger: Logger = { ...SILENT, warn: (_, message) => warnings.push(message) }
  let stage: SinkStage

  before(async () => {
    stage = await openSinkStage(logger)
  })
  after(() => stage?.close())

  it('should not end in a deadlock where several hold the same rows in different orders', async () => {
    const sinks = await Promise.all([stage.sink(users), stage.sink(users)])
    const ids = Array.from({ length: 2000 }, (_, i) => `same-${(i * 7919) % 2000}`)
    const rounds = Array.from({ length: 24 }, (_, round) => {
      const ordered = round % 2 === 0 ? ids : ids.toReversed()
      return ordered.map((id, i) => rowAt(i, { id, size: round }, { timestamp: NOON + round }))
    })
    await Promise.all(rounds.map((rows, round) => sinks[round % 2]!.write(rows, never)))

    const [{ deadlocks }] = (await stage.sql<{ deadlocks: string }>(
      `select deadlocks from pg_stat_database where datname = current_database()`,
    )) as [{ deadlocks: string }]
    expect(deadlocks).to.equal('0')
    expect(warnings).to.deep.equal([])
    expect(await stage.sql(`select distinct size from insights.users where id like 'same-%'`)).to.deep.equal([
      { size: 23 },
    ])
  })

  it('should write a batch of many rows in one statement', async () => {
    const sink = await stage.sink(users)
    await sink.write(
      Array.from({ length: 20_000 }, (_, i) => rowAt(i, { id: `large-${i}`, size: i })),
      never,
    )
    const stored = await stage.sql(
      `select count(*)::int as rows, count(distinct xmin::text)::int as transactions
         from insights.users where id like 'large-%'`,
    )
    expect(stored).to.deep.equal([{ rows: 20_000, transactions: 1 }])
  })

  it('should find the one row of a thousand that a constraint refuses, and write the others', async () => {
    const sink = await stage.sink(users)
    await stage.sql(`alter table insights.users add constraint not_so_large check (size <> -13)`)
    const rows = Array.from({ length: 1000 }, (_, i) =>
      rowAt(i, { id: `secret-${i}`, size: i === 713 ? -13 : i }),
    )
    const error = await rejectionOf(sink.write(rows, never))
    expect(error).to.include({ code: 'WRITE', retriable: false })
    expect(error.at).to.deep.equal({ step: 'rows', topic: 'rows', partition: 7, offset: 713 })
    expect(error.message)
      .to.include('insights.users')
      .and.include('not_so_large')
      .and.include('rows/7/713')
      .and.not.include('secret')

    await sink.write(
      rows.filter(({ origin }) => origin.offset !== error.at.offset),
      never,
    )
    const [count] = await stage.sql(`select count(*)::int from insights.users where id like 'secret-%'`)
    expect(count).to.deep.equal({ count: 999 })
  })

  it('should find every culprit in one go, and tell them apart from the others in few statements', async () => {
    const sink = await stage.sink(users)
    // What a sequence counts stays counted when its statement is rolled back.
    await stage.sql(`create sequence insights.statements`)
    await stage.sql(`create function insights.counted() returns trigger language plpgsql as
      $$ begin perform nextval('insights.statements'); return null; end $$`)
    await stage.sql(`create trigger counted before insert on insights.users
      for each statement execute function insights.counted()`)
    const culprits = [0, 11, 12, 500, 999]
    const rows = Array.from({ length: 1000 }, (_, i) =>
      rowAt(i, { id: `few-${String(i).padStart(3, '0')}`, size: culprits.includes(i) ? -13 : i }),
    )
    const error = await rejectionOf(sink.write(rows, never))
    expect(error.errors.map(({ at }) => at.offset)).to.deep.equal(culprits)
    const [{ statements }] = (await stage.sql(
      `select last_value::int as statements from insights.statements`,
    )) as [{ statements: number }]
    await stage.sql(`drop trigger counted on insights.users`)
    // Each costs its way down, two statements a level of ten, and all of them share its upper part.
    expect(statements).to.be.within(2 * culprits.length, 2 * 10 * culprits.length)
    const [count] = await stage.sql(`select count(*)::int from insights.users where id like 'few-%'`)
    expect(count).to.deep.equal({ count: 995 })
  })

  const refused: [string, Record<string, unknown>][] = [
    ['a zero character in text', { id: 'a\0secret', size: 1 }],
    // Of random letters: PostgreSQL compresses a long run of one.
    [
      'a key too long for an index',
      { id: `secret${Array.from(crypto.getRandomValues(new Uint32Array(2000)))}`, size: 1 },
    ],
    ['a number out of range', { id: 'secret', size: 2 ** 31 }],
    ['a fraction', { id: 'secret', size: 0.5 }],
  ]
  for (const [what, value] of refused) {
    it(`should refuse ${what} among others, naming its place and no value`, async () => {
      const sink = await stage.sink(users)
      const rows = [rowAt(1, { id: 'before', size: 1 }), rowAt(2, value), rowAt(3, { id: 'zafter', size: 1 })]
      const error = await rejectionOf(sink.write(rows, never))
      expect(error).to.include({ code: 'WRITE', retriable: false })
      expect(error.at.offset).to.equal(2)
      expect(error.message).to.not.include('secret')
    })
  }

  it('should refuse a uuid that is none', async () => {
    const table = postgres('by_uuid', { columns: { id: 'uuid' }, primaryKey: ['id'] })
    const sink = await stage.sink(table)
    const error = await rejectionOf(sink.write([rowAt(5, { id: 'secret' })], never))
    expect(error).to.include({ code: 'WRITE' })
    expect(error.at.offset).to.equal(5)
  })

  it('should take keys as one that PostgreSQL takes as one', async () => {
    const table = postgres('same_keys', {
      columns: { id: 'uuid', name: 'text', at: 'double', size: 'int' },
      primaryKey: ['id', 'name', 'at'],
    })
    const sink = await stage.sink(table)
    const id = 'ABCDEF00-0000-4000-8000-000000000001'
    await sink.write(
      [
        rowAt(1, { id, name: 'x\ud800', at: -0, size: 1 }),
        rowAt(2, { id: id.toLowerCase(), name: 'x\udbff', at: 0, size: 2 }),
      ],
      never,
    )
    const [stored, ...others] = await stage.read(table)
    expect(others).to.deep.equal([])
    expect(stored?.value).to.include({ id: id.toLowerCase(), name: 'x\ufffd', size: 2 })
  })

  it('should keep what is absent as it was where the target says so, but not over a deletion', async () => {
    const sink = await stage.sink(once)
    const later = (ms: number) => ({ key: 'a', timestamp: NOON + ms })
    const stored = async () => (await stage.read(once)).map(({ value }) => value)

    await sink.write([rowAt(1, { id: 'a', size: 1, note: 'kept' }, later(1))], never)
    await sink.write([rowAt(2, { id: 'a', size: 2 }, later(2))], never)
    expect(await stored()).to.deep.equal([{ id: 'a', size: 2, note: 'kept' }])

    await sink.write([rowAt(3, null, later(3))], never)
    expect(await stored()).to.deep.equal([])
    await sink.write([rowAt(4, { id: 'a', size: 4 }, later(4))], never)
    expect(await stored()).to.deep.equal([{ id: 'a', size: 4, note: null }])
  })

  it('should leave of a deleted row only its key, its clock and the mark', async () => {
    const sink = await stage.sink(users)
    await sink.write([rowAt(1, { id: 'gone', size: 9 })], never)
    await sink.write([rowAt(2, null, { key: { id: 'gone' }, timestamp: NOON + 5 })], never)
    expect(await stage.sql(`select * from insights.users where id = 'gone'`)).to.deep.equal([
      { id: 'gone', size: null, write_clock: String((NOON + 5) * 1000), deleted: true },
    ])
  })
})
