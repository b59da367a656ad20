import { expect } from 'chai'
import type { BrokerProducer } from '../../../../lib/broker/broker.ts'
import { MillraceError } from '../../../../lib/errors.ts'
import { CaptureStage, until } from './capture-stage.ts'

const COUNT = 'SELECT count(*) FROM staging.users'

describe('capture snapshot', () => {
  let stage: CaptureStage

  beforeEach(async () => {
    stage = await CaptureStage.open()
  })

  afterEach(() => stage.close())

  const distinct = (rows: readonly Record<string, string | null>[]) => new Set(rows.map(({ id }) => id)).size

  it('should take the rows from before the slot and those after it, each once', async () => {
    const client = await stage.client()
    await client.query("INSERT INTO staging.users (name) SELECT 'before' FROM generate_series(1, 3)")
    await stage.apply()
    await client.query("INSERT INTO staging.users (name) VALUES ('after apply')")
    await stage.start()
    await client.query("INSERT INTO staging.users (name) VALUES ('streamed')")
    const rows = await stage.rowsReaching(5)
    expect(rows.map(({ id }) => id)).to.deep.equal(['1', '2', '3', '4', '5'])
  })

  it('should neither miss nor repeat rows that are written while it is taken', async () => {
    const client = await stage.client()
    await client.query("INSERT INTO staging.users (name) SELECT 'before' FROM generate_series(1, 2000)")
    await stage.apply()
    let writing = true
    const writers = [await stage.client(), await stage.client(), await stage.client()].map(async (writer) => {
      let written = 0
      for (; writing; written += 2) {
        await writer.query(`
          BEGIN;
          INSERT INTO staging.users (name) VALUES ('during');
          SAVEPOINT s; INSERT INTO staging.users (name) VALUES ('in a subtransaction'); RELEASE s;
          COMMIT`)
      }
      return written
    })
    await until(async () => Number((await client.query(COUNT)).rows[0].count) > 2_000)
    const capture = await stage.start({ batchRecords: 50 })
    const bySnapshot = capture.status.rows
    writing = false
    const written = (await Promise.all(writers)).reduce((sum, count) => sum + count, 2_000)
    const rows = await stage.rowsReaching(written)
    expect(rows).to.have.length(written)
    expect(distinct(rows)).to.equal(written)
    expect(bySnapshot, 'written before and during').to.be.within(2_001, written - 1)
  })

  it('should give the same text for a row as the stream', async () => {
    const client = await stage.client()
    await client.query(`
      ALTER DATABASE ${new URL(stage.databaseUrl).pathname.slice(1)} SET timezone = 'Asia/Tokyo';
      CREATE TYPE mood AS ENUM ('fine');
      ALTER TABLE staging.users ADD at timestamptz, ADD flag boolean, ADD padded char(5), ADD data bytea,
        ADD list text[], ADD doc jsonb, ADD ratio float8, ADD mood mood, ADD twice int GENERATED ALWAYS AS (2) STORED`)
    const insert = `
      INSERT INTO staging.users (name, at, flag, padded, data, list, doc, ratio, mood)
      VALUES ('a', '2024-02-29 12:00:00.5+09', true, 'x', '\\x00ff', '{a,NULL,"b c"}', '{"b": 1, "a": null}', 0.1, 'fine')`
    await client.query(insert)
    await stage.apply()
    await stage.start()
    await client.query(insert)
    const [snapshot, streamed] = await stage.rowsReaching(2)
    // Generated columns are published from PostgreSQL 18 on only if asked for.
    expect({ ...snapshot, id: '2' }).to.deep.equal(streamed)
    expect(snapshot).to.include({
      at: '2024-02-29 03:00:00.5+00',
      flag: 't',
      padded: 'x    ',
      data: '\\x00ff',
    })
  })

  it('should start over when it was interrupted, and lose nothing', async () => {
    const client = await stage.client()
    await client.query("INSERT INTO staging.users (name) SELECT 'before' FROM generate_series(1, 100)")
    await stage.apply()
    const { producer } = await stage.options()
    const capture = await stage.launch({ batchRecords: 10, producer: awayAfter(producer, 3) })
    await until(() => capture.status.rows === 30)
    await stage.stop()
    await client.query("INSERT INTO staging.users (name) VALUES ('between')")
    await stage.start()
    const rows = await stage.rowsReaching(131)
    expect(rows).to.have.length(131)
    expect(distinct(rows)).to.equal(101)
  })

  it('should capture a row that stands in an open transaction when it begins', async () => {
    const writer = await stage.client()
    await stage.apply()
    await writer.query('BEGIN')
    await writer.query("INSERT INTO staging.users (name) VALUES ('open')")
    const capture = await stage.launch()
    await until(() => capture.status.state === 'snapshot')
    await writer.query('COMMIT')
    expect(await stage.rowsReaching(1)).to.have.length(1)
    await until(() => capture.status.state === 'streaming')
    expect(await stage.rows()).to.have.length(1)
  })

  it('should stop at once while it waits for an open transaction', async () => {
    const writer = await stage.client()
    await stage.apply()
    await writer.query('BEGIN')
    await writer.query("INSERT INTO staging.users (name) VALUES ('open')")
    const capture = await stage.launch()
    await until(() => capture.status.state === 'snapshot')
    const before = Date.now()
    await stage.stop()
    expect(Date.now() - before).to.be.below(4_000)
    await writer.query('COMMIT')
    await stage.start()
    expect(await stage.rowsReaching(1)).to.have.length(1)
  })
})

/** The real broker, which goes away after some sends. */
function awayAfter(producer: BrokerProducer, sends: number): BrokerProducer {
  let left = sends
  return {
    async send(records) {
      if (left-- <= 0) throw new MillraceError('UNREACHABLE', 'the broker is away')
      await producer.send(records)
    },
    close: () => producer.close(),
  }
}
