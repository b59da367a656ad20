import { expect } from 'chai'
import { postgres } from '../../../../connectors/postgres/index.ts'
import { postgresConnector } from '../../../../connectors/postgres/sink/connector.ts'
import { MillraceError } from '../../../../lib/errors.ts'
import type { SinkRow, TakenSink } from '../../../../lib/ports.ts'
import type { Position } from '../../../../lib/record.ts'
import { rejectionOf } from '../../../contract/failure-of.ts'
import { TcpProxy } from '../../../support/tcp-proxy.ts'
import { context, NOON, never, openSinkStage, rowAt, type SinkStage } from './sink-stage.ts'

const counts = postgres('counts', { columns: { id: 'text', n: 'int' }, primaryKey: ['id'] })

const at = (offset: number): Position[] => [{ topic: 'rows', partition: 7, offset }]
const rowsOf = (id: string, n: number): SinkRow[] => [rowAt(n, { id, n }, { timestamp: NOON + n })]

describe('a PostgreSQL sink that keeps position and epoch beside its rows', () => {
  let stage: SinkStage
  let tasks = 0
  let task: string

  before(async () => {
    stage = await openSinkStage()
  })
  after(() => stage?.close())
  beforeEach(() => {
    task = `0_${tasks++}`
  })

  async function take(): Promise<TakenSink> {
    const sink = await stage.sink(counts)
    return sink.take!(task)
  }

  const stored = (id: string) =>
    stage.sql<{ n: number; write_clock: string }>(`select n from insights.counts where id = '${id}'`)
  const held = async () => {
    const [row] = await stage.sql(
      `select epoch::int, batch::int, positions from millrace.sink_positions where task = '${task}'`,
    )
    return row
  }

  it('should cover nothing before the first write', async () => {
    expect((await take()).positions).to.deep.equal([])
  })

  it('should write rows and positions, and hand the next taker what they cover', async () => {
    const taken = await take()
    await taken.write(rowsOf('one', 1), at(2), never)
    await taken.write(rowsOf('one', 2), [{ topic: 'others', partition: 7, offset: 9 }], never)
    await taken.write([], at(5), never)
    expect(await stored('one')).to.deep.equal([{ n: 2 }])
    expect((await take()).positions).to.have.deep.members([
      ...at(5),
      { topic: 'others', partition: 7, offset: 9 },
    ])
    expect(await held()).to.deep.include({ epoch: 2, batch: 3 })
  })

  it('should write rows and positions in one transaction', async () => {
    const taken = await take()
    await taken.write([...rowsOf('same', 1), ...rowsOf('same-too', 2)], at(3), never)
    const transactions = await stage.sql(
      `select distinct xmin::text from (
         select xmin from insights.counts where id like 'same%'
         union all select xmin from millrace.sink_positions where task = '${task}') as both_tables`,
    )
    expect(transactions).to.have.length(1)
  })

  it('should keep tasks, steps and applications apart', async () => {
    const taken = await take()
    await taken.write([], at(5), never)
    const sink = await stage.sink(counts)
    expect((await sink.take!(`${task}-other`)).positions).to.deep.equal([])
    const other = await stage.connector.open(counts, { ...context, step: 'other' })
    expect((await other.take!(task)).positions).to.deep.equal([])
    await taken.write([], at(6), never)
  })

  it('should fence who has taken it before, at rows and at positions alone', async () => {
    const zombie = await take()
    await zombie.write(rowsOf('zombie', 1), at(2), never)
    const owner = await take()
    for (const rows of [rowsOf('zombie', 9), []]) {
      const error = await rejectionOf(zombie.write(rows, at(10), never))
      expect(error).to.include({ code: 'FENCED', retriable: false })
      expect(error.message).to.include('sink "rows"').and.include(task)
    }
    expect(await stored('zombie')).to.deep.equal([{ n: 1 }])
    await owner.write(rowsOf('zombie', 2), at(3), never)
    expect(await stored('zombie')).to.deep.equal([{ n: 2 }])
    expect(await held()).to.deep.include({ epoch: 2, batch: 2, positions: { 'rows/7': 3 } })
  })

  it('should let one of many takers write, whenever they come', async () => {
    const takers = await Promise.all(Array.from({ length: 8 }, take))
    const outcomes = await Promise.allSettled(
      takers.map((taken, n) => taken.write(rowsOf(`taker-${n}`, n), at(n + 1), never)),
    )
    const written = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []))
    expect(written).to.have.length(1)
    for (const [n] of takers.entries()) {
      expect(await stored(`taker-${n}`)).to.have.length(written.includes(n) ? 1 : 0)
    }
    expect(await held()).to.deep.include({ epoch: 8, batch: 1, positions: { 'rows/7': written[0]! + 1 } })
  })

  it('should fence a write that waits for a row while the task is taken', async () => {
    const zombie = await take()
    const holder = await stage.database.database.session('hold a row')
    await holder.query('begin')
    await holder.query(`select from millrace.sink_positions where task = '${task}' for update`)
    const writing = rejectionOf(zombie.write(rowsOf('waits', 1), at(2), never))
    const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and query like 'with kept%'`
    while ((await stage.sql(waiting)).length === 0) await new Promise(setImmediate)
    await holder.query(`update millrace.sink_positions set epoch = epoch + 1 where task = '${task}'`)
    await holder.query('commit')
    holder.release()
    expect(await writing).to.include({ code: 'FENCED' })
    expect(await stored('waits')).to.deep.equal([])
  })

  it('should fence all that took the application before it was told to forget, and cover nothing then', async () => {
    const zombie = await take()
    await zombie.write(rowsOf('forgotten', 1), at(2), never)
    await stage.connector.forget(context.application)
    expect(await rejectionOf(zombie.write([], at(3), never))).to.include({ code: 'FENCED' })
    expect((await take()).positions).to.deep.equal([])
  })

  it('should write nothing at all, and name each culprit, when rows are refused', async () => {
    const taken = await take()
    await stage.sql('alter table insights.counts add constraint few check (n < 1000000)')
    const rows = Array.from({ length: 100 }, (_, i) =>
      rowAt(i, { id: `few-${i}`, n: i === 13 || i === 77 ? 1_000_000 : i }),
    )
    const error = await rejectionOf(taken.write(rows, at(100), never))
    expect(error).to.include({ code: 'WRITE' })
    expect(error.errors.map((one) => one.at.offset)).to.deep.equal([13, 77])
    expect(await stage.sql(`select from insights.counts where id like 'few-%'`)).to.have.length(0)
    expect(await held()).to.deep.include({ batch: 0, positions: {} })

    const others = rows.filter(({ origin }) => ![13, 77].includes(origin.offset))
    await taken.write(others, at(100), never)
    expect(await stage.sql(`select from insights.counts where id like 'few-%'`)).to.have.length(98)
    expect(await held()).to.deep.include({ batch: 1, positions: { 'rows/7': 100 } })
  })

  it('should write nothing more after a write that was given up', async () => {
    const taken = await take()
    const lock = await stage.database.database.session('hold the table')
    await lock.query('begin')
    await lock.query('lock table insights.counts')
    const abort = new AbortController()
    const writing = rejectionOf(taken.write(rowsOf('given-up', 1), at(2), abort.signal))
    const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and query like 'with kept%'`
    while ((await stage.sql(waiting)).length === 0) await new Promise(setImmediate)
    const reason = new MillraceError('FENCED', 'revoked')
    abort.abort(reason)
    expect(await writing).to.equal(reason)
    await lock.query('rollback')
    lock.release()
    expect(await rejectionOf(taken.write(rowsOf('given-up', 2), at(3), never))).to.include({ code: 'FENCED' })
  })

  describe('whose connection is lost', () => {
    let proxy: TcpProxy
    let connector: ReturnType<typeof postgresConnector>

    beforeEach(async () => {
      const url = new URL(stage.database.url)
      proxy = new TcpProxy(url.host)
      await proxy.listen()
      url.host = proxy.address
      connector = postgresConnector({ databaseUrl: url.href, schema: 'insights', connections: 2 })
      await stage.sink(counts)
    })
    afterEach(async () => {
      await connector.close()
      await proxy.close()
    })

    async function takeThrough(): Promise<TakenSink> {
      const sink = await connector.open(counts, context)
      await sink.prepare()
      const taken = await sink.take!(task)
      await taken.write(rowsOf('first', 1), at(1), never)
      return taken
    }

    /** Counts the writes of rows that PostgreSQL has committed, however often each row. */
    const countWrites = (id: string) =>
      stage.sql(`
        create table if not exists insights.log (id text);
        create or replace function insights.logged() returns trigger language plpgsql as
          $$ begin insert into insights.log values (new.id); return new; end $$;
        create or replace trigger logged after insert or update on insights.counts
          for each row when (new.id = '${id}') execute function insights.logged()`)
    const writes = (id: string) => stage.sql(`select from insights.log where id = '${id}'`)

    it('should find that the write was done where the answer to it was lost, and do it once', async () => {
      await countWrites('answered')
      const taken = await takeThrough()
      proxy.loseReplies()
      const writing = taken.write(rowsOf('answered', 1), at(2), never)
      while ((await stored('answered')).length === 0) await new Promise(setImmediate)
      proxy.cut()
      await writing
      expect(await writes('answered')).to.have.length(1)
      expect(await held()).to.deep.include({ batch: 2, positions: { 'rows/7': 2 } })
      await taken.write(rowsOf('answered', 2), at(3), never)
      expect(await writes('answered')).to.have.length(2)
    })

    it('should write it where the request was lost', async () => {
      await countWrites('unheard')
      const taken = await takeThrough()
      proxy.silence()
      const writing = taken.write(rowsOf('unheard', 1), at(2), never)
      while (proxy.swallowed === 0) await new Promise(setImmediate)
      proxy.cut()
      await writing
      expect(await writes('unheard')).to.have.length(1)
    })

    it('should be fenced where another has taken the task meanwhile, whatever came of the write', async () => {
      for (const done of [true, false]) {
        task = `0_${tasks++}`
        const zombie = await takeThrough()
        const id = `meanwhile-${done}`
        if (done) proxy.loseReplies()
        else proxy.silence()
        const writing = rejectionOf(zombie.write(rowsOf(id, 1), at(2), never))
        while (done ? (await stored(id)).length === 0 : proxy.swallowed === 0) await new Promise(setImmediate)
        const owner = await take()
        expect(owner.positions).to.deep.equal(at(done ? 2 : 1))
        proxy.cut()
        expect(await writing).to.include({ code: 'FENCED' })
        expect(await stored(id)).to.have.length(done ? 1 : 0)
      }
    })
  })
})
