import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { openDatabase } from '../../../../connectors/postgres/connection.ts'
import { postgres } from '../../../../connectors/postgres/index.ts'
import { type PostgresConnector, postgresConnector } from '../../../../connectors/postgres/sink/connector.ts'
import { type Logger, SILENT } from '../../../../lib/log.ts'
import type { Sink, SinkRow } from '../../../../lib/ports.ts'
import { freePorts } from '../../../../services/ports.ts'
import { startPostgres } from '../../../../services/postgres.ts'
import type { RunningServer, StartOptions } from '../../../../services/server.ts'
import { context, never, rowAt } from './sink-stage.ts'

const rows = postgres('rows', { columns: { id: 'int' }, primaryKey: ['id'] })

function rowsFrom(first: number, count: number): SinkRow[] {
  return Array.from({ length: count }, (_, i) => rowAt(first + i, { id: first + i }))
}

describe('a PostgreSQL sink whose server goes away', () => {
  const warnings: string[] = []
  let warned = Promise.withResolvers<void>()
  const logger: Logger = {
    ...SILENT,
    warn: (_, message) => {
      warnings.push(message)
      warned.resolve()
    },
  }
  let dir: string
  let options: StartOptions
  let server: RunningServer
  let url: string
  let connector: PostgresConnector
  let sink: Sink

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'millrace-outage-'))
    chmodSync(dir, 0o711)
    const [port] = await freePorts(1)
    options = { dir, port }
    server = await startPostgres(options)
    url = server.env.DATABASE_URL!
  })

  after(async () => {
    await server?.stop()
    rmSync(dirname(server.dataDir), { recursive: true, force: true })
    rmSync(dir, { recursive: true, force: true })
  })

  beforeEach(async () => {
    warned = Promise.withResolvers<void>()
    connector = postgresConnector({ databaseUrl: url, logger })
    for (const resource of connector.resources(rows, context)) await resource.create()
    sink = await connector.open(rows, context)
    await sink.prepare()
  })

  afterEach(() => connector.close())

  async function sql<R extends Record<string, unknown>>(text: string): Promise<R[]> {
    const database = openDatabase(url)
    try {
      return await database.query<R>('judge', text)
    } finally {
      await database.close()
    }
  }
  const stored = async (from: number) =>
    (await sql<{ id: number }>(`select id from rows where id >= ${from} order by id`)).map(({ id }) => id)
  const ids = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)

  it('should write everything after it was killed in mid-write and started again', async () => {
    const batches = Array.from({ length: 60 }, (_, batch) => rowsFrom(batch * 100, 100))
    let acknowledged = 0
    let killed: Promise<void> | undefined
    const writing = Promise.all(
      batches.map(async (batch) => {
        await sink.write(batch, never)
        acknowledged += batch.length
        if (acknowledged === 1000) killed = server.kill()
      }),
    )
    await warned.promise
    expect(acknowledged).to.be.within(1000, 5999)
    await killed
    server = await startPostgres(options)
    await writing
    expect(await stored(0)).to.deep.equal(ids(0, 6000))
    expect(warnings.length).to.be.within(1, 10)
    expect(warnings[0]).to.include('sink "rows"').and.include(server.address)
  })

  it('should write everything after its connections were ended by the server', async () => {
    const lock = await holdTable()
    const writing = sink.write(rowsFrom(10_000, 100), never)
    await lock.waiting()
    await lock.endWaiting()
    await warned.promise
    await lock.release()
    await writing
    expect(await stored(10_000)).to.deep.equal(ids(10_000, 100))
  })

  it('should stop at once when the signal aborts while the server is away', async () => {
    const abort = new AbortController()
    const reason = new Error('revoked')
    await server.stop()
    const writing = sink.write(rowsFrom(20_000, 100), abort.signal).catch((error: unknown) => error)
    await warned.promise
    abort.abort(reason)
    expect(await writing).to.equal(reason)
    server = await startPostgres(options)
    await sink.write(rowsFrom(20_000, 100), never)
    expect(await stored(20_000)).to.deep.equal(ids(20_000, 100))
  })

  it('should stop at once when the signal aborts while the server works on it, and go on elsewhere', async () => {
    const others = postgres('others', { columns: { id: 'int' }, primaryKey: ['id'] })
    for (const resource of connector.resources(others, context)) await resource.create()
    const other = await connector.open(others, context)
    await other.prepare()
    const abort = new AbortController()
    const reason = new Error('revoked')
    const lock = await holdTable()
    const writing = sink.write(rowsFrom(30_000, 100), abort.signal).catch((error: unknown) => error)
    await lock.waiting()
    abort.abort(reason)
    expect(await writing).to.equal(reason)
    await other.write(rowsFrom(30_000, 100), never)
    await lock.release()
  })

  /** Another session that has the table to itself. */
  async function holdTable() {
    const holder = openDatabase(url)
    const session = await holder.session('hold the table')
    await session.query('begin')
    await session.query('lock table rows')
    const waiters = `select pid from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into%'`
    return {
      waiting: async () => {
        while ((await sql(waiters)).length === 0) await new Promise(setImmediate)
      },
      endWaiting: () => sql(`select pg_terminate_backend(pid) from (${waiters}) as waiting`),
      release: async () => {
        await session.query('rollback')
        session.release()
        await holder.close()
      },
    }
  }
})
