import { expect } from 'chai'
import { postgres } from '../../../../connectors/postgres/index.ts'
import { postgresConnector } from '../../../../connectors/postgres/sink/connector.ts'
import { rejectionOf } from '../../../contract/failure-of.ts'
import { NOON, never, openSinkStage, rowAt, rowsOf, type SinkStage } from './sink-stage.ts'

const every = postgres('every', {
  columns: {
    n: 'int',
    text: 'text',
    uuid: 'uuid',
    bigint: 'bigint',
    double: 'double',
    boolean: 'boolean',
    date: 'date',
    timestamp: 'timestamp',
  },
  primaryKey: ['n'],
})

const DAY = 86_400_000
const FIRST_DAY = -2_440_588
const LAST_MS = 8_640_000_000_000_000

const extremes: Readonly<Record<string, readonly unknown[]>> = {
  n: [0, 2 ** 31 - 1, -(2 ** 31)],
  text: ['', ' ', '{"a",NULL}', 'NULL', "';--", '\\', '"', '\u0001\u007f', '𝒜 नमस्ते', 'x'.repeat(100_000)],
  uuid: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  bigint: [0, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  double: [
    0,
    -0,
    0.1,
    5e-324,
    Number.MAX_VALUE,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ],
  boolean: [true, false],
  date: [0, -1, 1, 20_454, FIRST_DAY, 100_000_000],
  timestamp: [
    0,
    -1,
    1,
    NOON + 999,
    LAST_MS,
    LAST_MS - 1,
    // In microseconds this is farther than half a millisecond from any double.
    LAST_MS - 21,
    FIRST_DAY * DAY,
    FIRST_DAY * DAY + 1,
  ],
}

describe('types of PostgreSQL columns', () => {
  let stage: SinkStage

  before(async () => {
    stage = await openSinkStage()
  })
  after(() => stage?.close())

  it('should give back every extreme value as it was written', async () => {
    const sink = await stage.sink(every)
    const empty = Object.fromEntries(Object.keys(every.columns).map((column) => [column, null]))
    const values = Object.entries(extremes).flatMap(([column, all]) =>
      all.map((value, i) => ({ ...empty, n: 1000 + i, [column]: value, column })),
    )
    // Numbered by place, but for the values of the key column itself.
    const numbered = values.map((value, i) => (value.column === 'n' ? value : { ...value, n: 10_000 + i }))
    await sink.write(
      numbered.map((value, i) => rowAt(i, value)),
      never,
    )
    const read = new Map((await stage.read(every)).map(({ value }) => [value.n, value]))
    expect(read.size).to.equal(values.length)
    for (const { column, ...value } of numbered) {
      expect(read.get(value.n), `${column} of row ${value.n}`).to.deep.equal(value)
    }
  })

  it('should store what another client reads as the same', async () => {
    const sink = await stage.sink(every)
    const value = { n: 1, date: -1, timestamp: Date.UTC(1969, 11, 31, 23, 59, 59, 999), double: 0.1 }
    await sink.write([rowAt(1, { ...value, text: 'Ada', boolean: true, bigint: 2 ** 53 - 1 })], never)
    expect(
      await stage.sql(
        `select date::text, timestamp::text, double::text, bigint::text, uuid from insights.every where n = 1`,
      ),
    ).to.deep.equal([
      {
        date: '1969-12-31',
        timestamp: '1969-12-31 23:59:59.999+00',
        double: '0.1',
        bigint: '9007199254740991',
        uuid: null,
      },
    ])
  })

  it('should be the same in a session of another time zone', async () => {
    await stage.sql(
      `do $$ begin execute format('alter database %I set timezone = %L', current_database(), 'Europe/Oslo'); end $$`,
    )
    const target = postgres('zoned', {
      columns: { n: 'int', timestamp: 'timestamp', date: 'date' },
      primaryKey: ['n'],
    })
    const other = postgresConnector({ databaseUrl: stage.database.url, schema: 'insights' })
    for (const resource of other.resources(target, { application: 'spec', step: 'rows' }))
      await resource.create()
    const sink = await other.open(target, { application: 'spec', step: 'rows' })
    await sink.prepare()
    // An hour that Oslo's clocks skip.
    const value = { n: 1, timestamp: Date.UTC(2026, 2, 29, 2, 30), date: 20_541 }
    await sink.write([rowAt(1, value)], never)
    expect(await rowsOf(other, target)).to.deep.equal([{ value, clock: NOON * 1000 }])
    await other.close()
  })

  for (const [column, value] of [
    ['date', FIRST_DAY - 1],
    ['timestamp', FIRST_DAY * DAY - 1],
    ['timestamp', LAST_MS + 1],
    ['date', 0.5],
    ['bigint', 2 ** 53],
    ['text', 12],
    ['boolean', 'true'],
    ['double', '1'],
  ] as const) {
    it(`should refuse ${typeof value} ${value} as ${column}`, async () => {
      const sink = await stage.sink(every)
      const error = await rejectionOf(sink.write([rowAt(1, { n: 2, [column]: value })], never))
      expect(error).to.include({ code: 'WRITE' })
      expect(error.message).to.include(`"${column}"`)
    })
  }

  it('should read a table of several pages, each row once, with its clock', async () => {
    const target = postgres('pages', { columns: { n: 'int' }, primaryKey: ['n'] })
    const sink = await stage.sink(target)
    await sink.write(
      Array.from({ length: 2500 }, (_, n) => rowAt(n, { n }, { timestamp: NOON + n })),
      never,
    )
    const read = await stage.read(target)
    expect(read.map(({ value }) => value.n)).to.have.members(Array.from({ length: 2500 }, (_, n) => n))
    for (const { value, clock } of read) expect(clock).to.equal((NOON + Number(value.n)) * 1000)
  })

  it('should leave no connection busy when reading stops half-way', async () => {
    const target = postgres('pages', { columns: { n: 'int' }, primaryKey: ['n'] })
    for (let i = 0; i < 20; i++) {
      for await (const { value } of stage.connector.readTable(target)) {
        expect(value.n).to.be.a('number')
        break
      }
    }
  })
})
