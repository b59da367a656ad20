import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type CassandraConnector, cassandraConnector } from '../../../connectors/cassandra/connector.ts'
import { cassandra } from '../../../connectors/cassandra/index.ts'
import { type Logger, SILENT } from '../../../lib/log.ts'
import type { Sink, SinkRow } from '../../../lib/ports.ts'
import { startCassandra } from '../../../services/cassandra.ts'
import { freePorts } from '../../../services/ports.ts'
import type { RunningServer, StartOptions } from '../../../services/server.ts'
import { openKeyspace, type SpecKeyspace } from './keyspace.ts'

const rows = cassandra('rows', {
  columns: { id: 'int', at: 'timestamp' },
  primaryKey: { partition: ['id'] },
})
const context = { application: 'outage', step: 'rows' }
const never = new AbortController().signal
const NOON = Date.UTC(2026, 0, 1, 12)
/** Ids that the rows written before do not reach. */
const FROZEN = 1_000_000_000
const ABORTED = 2_000_000_000

function rowsFrom(first: number, count: number): SinkRow[] {
  return Array.from({ length: count }, (_, i) => ({
    value: { id: first + i, at: NOON },
    key: null,
    timestamp: NOON,
    headers: [],
    origin: { topic: 'rows', partition: 0, offset: first + i },
  }))
}

/** Keeps what is logged, and tells of the next warning: the progress point at which the sink knows of the outage. */
function listeningLogger() {
  const warnings: { fields: object; message: string }[] = []
  let told = Promise.withResolvers<void>()
  const logger: Logger = {
    ...SILENT,
    warn: (fields, message) => {
      warnings.push({ fields, message })
      told.resolve()
    },
  }
  const nextWarning = () => {
    told = Promise.withResolvers<void>()
    return told.promise
  }
  return { logger, warnings, nextWarning }
}

/** The outage came after the last row: what follows would prove nothing. */
const missed = () => expect.fail('all rows were written before the server went away')

describe('a Cassandra sink whose server goes away', () => {
  let dir: string
  let options: StartOptions
  let server: RunningServer
  let keyspace: SpecKeyspace
  let connector: CassandraConnector
  let sink: Sink
  const { logger, warnings, nextWarning } = listeningLogger()
  let outage = 0

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'millrace-outage-'))
    const [port, internalPort] = await freePorts(2)
    options = { dir, port, internalPort }
    server = await startCassandra(options)
    keyspace = openKeyspace(server.address)
    connector = cassandraConnector({ ...keyspace.settings, inFlight: 64, logger })
    for (const resource of connector.resources(rows, context)) await resource.create()
    sink = await connector.open(rows, context)
    await sink.prepare()
  })

  after(async () => {
    await connector?.close()
    await server?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  const stored = async () =>
    (await keyspace.select<{ id: number }>(`SELECT id FROM ${keyspace.name}.rows`)).map(({ id }) => id)

  it('should write everything after it was killed in mid-write and started again', async () => {
    let written = 0
    // As many rows as it takes: it is writing when the server is killed, however fast both are.
    const writing = (async () => {
      for (; warnings.length === 0; written += 1000) await sink.write(rowsFrom(written, 1000), never)
    })()
    while ((await stored()).length === 0) expect(warnings).to.deep.equal([])
    const since = Date.now()
    await server.kill()
    server = await startCassandra(options)
    await writing
    outage = Date.now() - since
    expect((await stored()).toSorted((a, b) => a - b)).to.deep.equal(
      Array.from({ length: written }, (_, i) => i),
    )
  })

  it('should have kept within its limit of rows in flight, and said so seldom', () => {
    const waiting = warnings.map(({ fields }) => (fields as { rowsWaiting: number }).rowsWaiting)
    expect(Math.max(...waiting)).to.be.within(1, 64)
    // Every five seconds at most, from the kill until Cassandra was back.
    expect(warnings.length).to.be.within(1, 2 + outage / 5000)
    expect(warnings[0]!.message).to.include('sink "rows"').and.include(server.address)
  })

  it('should write everything after it was frozen for longer than a request may take', async () => {
    const warned = nextWarning()
    process.kill(server.pid, 'SIGSTOP')
    const writing = sink.write(rowsFrom(FROZEN, 500), never)
    await Promise.race([warned, writing.then(missed)])
    process.kill(server.pid, 'SIGCONT')
    await writing
    expect((await stored()).filter((id) => id >= FROZEN)).to.have.length(500)
  })

  it('should stop trying at once when the signal aborts, and take writes afterwards', async () => {
    const abort = new AbortController()
    const reason = new Error('revoked')
    const warned = nextWarning()
    await server.kill()
    const writing = sink.write(rowsFrom(ABORTED, 500), abort.signal).catch((error: unknown) => error)
    await warned
    abort.abort(reason)
    expect(await writing).to.equal(reason)
    server = await startCassandra(options)
    await sink.write(rowsFrom(ABORTED, 500), never)
    expect((await stored()).filter((id) => id >= ABORTED)).to.have.length(500)
  })
})
