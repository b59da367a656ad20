import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import pg from 'pg'
import { kafkaJars, startKafka } from '../../services/kafka.ts'
import { startKafkaZookeeper } from '../../services/kafka-zookeeper.ts'
import { freePorts, isFree } from '../../services/ports.ts'
import { startPostgres } from '../../services/postgres.ts'
import type { RunningServer, StartOptions } from '../../services/server.ts'
import { kafkaTool } from '../support/kafka-tool.ts'
import { servers } from '../support/servers.ts'

describe('a server stopped or killed, and started again', () => {
  let dir: string
  let options: StartOptions
  let running: RunningServer | undefined

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'millrace-restart-'))
    chmodSync(dir, 0o711)
    const [port, internalPort] = await freePorts(2)
    options = { dir, port, internalPort }
  })

  afterEach(async () => {
    await running?.stop()
    if (running !== undefined) rmSync(dirname(running.dataDir), { recursive: true, force: true })
    rmSync(dir, { recursive: true, force: true })
  })

  it('should have kept the rows PostgreSQL had committed', async () => {
    running = await startPostgres(options)
    await query(running, 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS id')
    await running.kill()
    running = await startPostgres(options)
    expect(await query(running, 'SELECT count(*)::int AS rows FROM kept')).to.deep.equal([{ rows: 1000 }])
    expect(await query(running, 'SHOW wal_level')).to.deep.equal([{ wal_level: 'logical' }])
  })

  it('should have kept the topics Kafka had created', async () => {
    const { kafka: jars } = servers().jars
    expect(jars).to.equal(await kafkaJars())
    running = await startKafka(options)
    const at = ['--bootstrap-server', running.address]
    await kafkaTool('TopicCommand', [...at, '--create', '--topic', 'kept', '--partitions', '3'])
    await running.kill()
    running = await startKafka(options)
    expect(await kafkaTool('TopicCommand', [...at, '--list'])).to.equal('kept\n')
  })

  it('should have kept the topics of the Kafka with ZooKeeper, and be done with the dead registration', async () => {
    running = await startKafkaZookeeper(options)
    const at = ['--bootstrap-server', running.address]
    await kafkaTool('TopicCommand', [...at, '--create', '--topic', 'kept', '--partitions', '3'])
    await running.kill()
    expect([await isFree(options.port!), await isFree(options.internalPort!)]).to.deep.equal([true, true])
    running = await startKafkaZookeeper(options)
    expect(await kafkaTool('TopicCommand', [...at, '--list'])).to.equal('kept\n')
  })

  it('should leave its port free and be startable again after a clean stop', async () => {
    running = await startPostgres(options)
    const { pid } = running
    await running.stop()
    expect(await isFree(options.port as number)).to.equal(true)
    running = await startPostgres(options)
    expect(running.pid).to.not.equal(pid)
  })

  it('should run PostgreSQL with a directory that is closed to everybody else', async () => {
    chmodSync(dir, 0o700)
    running = await startPostgres(options)
    await query(running, 'CREATE TABLE kept AS SELECT 1 AS id')
    await running.stop()
    running = await startPostgres(options)
    expect(await query(running, 'SELECT id FROM kept')).to.deep.equal([{ id: 1 }])
  })

  it('should refuse to start twice with one directory', async () => {
    running = await startPostgres(options)
    const error: unknown = await startPostgres(options).catch((reason) => reason)
    expect((error as Error).message)
      .to.include(`(pid ${running.pid})`)
      .and.to.include('--dir')
  })
})

async function query(server: RunningServer, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.env.DATABASE_URL })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
