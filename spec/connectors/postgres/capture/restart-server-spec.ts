import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { BrokerProducer } from '../../../../lib/broker/broker.ts'
import { MillraceError } from '../../../../lib/errors.ts'
import { freePorts } from '../../../../services/ports.ts'
import { startPostgres } from '../../../../services/postgres.ts'
import type { RunningServer, StartOptions } from '../../../../services/server.ts'
import { CaptureStage, until } from './capture-stage.ts'

describe('capture beside a PostgreSQL that restarts', () => {
  let dir: string
  let options: StartOptions
  let postgres: RunningServer
  let stage: CaptureStage

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'millrace-capture-'))
    chmodSync(dir, 0o711)
    const [port] = await freePorts(1)
    options = { dir, port }
    postgres = await startPostgres(options)
  })

  after(async () => {
    await postgres.stop()
    rmSync(dirname(postgres.dataDir), { recursive: true, force: true })
    rmSync(dir, { recursive: true, force: true })
  })

  beforeEach(async () => {
    stage = await CaptureStage.open(`postgresql://postgres@${postgres.address}/postgres`)
    await stage.apply()
  })

  afterEach(() => stage.close())

  async function insert(count: number): Promise<void> {
    const client = await stage.client()
    await client.query("INSERT INTO staging.users (name) SELECT 'n' FROM generate_series(1, $1::int)", [
      count,
    ])
  }

  const distinct = (rows: readonly Record<string, string | null>[]) => new Set(rows.map(({ id }) => id)).size

  it('should go on by itself after a kill -9 of the server, and lose nothing', async () => {
    const { producer } = await stage.options()
    const capture = await stage.start({ batchRecords: 20, producer: slow(producer) })
    await insert(100)
    await insert(400)
    await until(() => capture.status.rows >= 40)
    await postgres.kill()
    await until(() => capture.status.state === 'waiting')
    postgres = await startPostgres(options)
    await insert(10)
    await until(async () => distinct(await stage.rows()) === 510)
    const { slot, stored } = await stage.positions()
    expect(slot <= stored).to.equal(true)
  })

  it('should let a server go that stops in order, though Kafka is away', async () => {
    const { producer } = await stage.options()
    let away = true
    const gate: BrokerProducer = {
      async send(records) {
        if (away) throw new MillraceError('UNREACHABLE', 'the broker is away')
        await producer.send(records)
      },
      close: () => producer.close(),
    }
    await stage.start({ producer: gate })
    await insert(5)
    const before = Date.now()
    await postgres.stop()
    // It would wait for ever, and be killed after 40 s.
    expect(Date.now() - before).to.be.below(30_000)
    postgres = await startPostgres(options)
    away = false
    await insert(5)
    await until(async () => distinct(await stage.rows()) === 10)
  })

  it('should acknowledge nothing, and keep its connection, while Kafka is away', async () => {
    const client = await stage.client()
    await client.query("ALTER SYSTEM SET wal_sender_timeout = '4s'")
    await client.query('SELECT pg_reload_conf()')
    const { producer } = await stage.options()
    let away = true
    let tries = 0
    const capture = await stage.start({
      producer: {
        async send(records) {
          tries++
          if (away) throw new MillraceError('UNREACHABLE', 'the broker is away')
          await producer.send(records)
        },
        close: () => producer.close(),
      },
    })
    await client.query('BEGIN')
    // More than fits into our queue and the socket, so that the server is held back.
    await client.query(
      "INSERT INTO staging.users (name, notes) SELECT 'n', repeat(md5(g::text), 60) FROM generate_series(1, 12000) g",
    )
    const { walEnd: beforeCommit } = await stage.positions()
    await client.query('COMMIT')
    await until(() => tries > 1)
    // Twice the server's patience is what has to pass here.
    await delay(8_000)
    const { slot, stored } = await stage.positions()
    expect([slot, stored].every((position) => position <= beforeCommit)).to.equal(true)
    expect(capture.status.state).to.equal('streaming')
    away = false
    await until(() => capture.status.rows === 12_000)
    expect(await stage.rows()).to.have.length(12_000)
  })

  it('should refuse a slot whose log the server has thrown away', async () => {
    await stage.start()
    await insert(1)
    await stage.rowsReaching(1)
    await stage.stop()
    const client = await stage.client()
    await client.query("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
    await client.query('SELECT pg_reload_conf()')
    for (let i = 0; i < 4; i++) {
      await client.query("SELECT pg_logical_emit_message(false, 'filler', repeat('x', 1000000))")
      await client.query('SELECT pg_switch_wal()')
      await client.query('CHECKPOINT')
    }
    const error = await stage.open().catch((error: unknown) => error)
    expect(error).to.have.property('code', 'DATA_LOSS')
    expect(error)
      .to.have.property('message')
      .that.match(/lost its write-ahead log .* --recapture users/)
  })
})

/** The real broker, given a few milliseconds a send: a kill then hits rows that are on their way. */
function slow(producer: BrokerProducer): BrokerProducer {
  return {
    async send(records) {
      await delay(20)
      await producer.send(records)
    },
    close: () => producer.close(),
  }
}
