import { expect } from 'chai'
import { captureResources, recapture } from '../../../../connectors/postgres/capture/resources.ts'
import { exitCode, MillraceError } from '../../../../lib/errors.ts'
import { CaptureStage, until } from './capture-stage.ts'

const LOCK = "SELECT pg_advisory_lock(hashtextextended('millrace capture ' || $1, 0))"

describe('capture slot', () => {
  let stage: CaptureStage

  beforeEach(async () => {
    stage = await CaptureStage.open()
  })

  afterEach(() => stage.close())

  async function captured(...names: string[]): Promise<void> {
    await stage.apply()
    const client = await stage.client()
    await stage.start()
    for (const name of names) await client.query('INSERT INTO staging.users (name) VALUES ($1)', [name])
    await stage.rowsReaching(names.length)
    await stage.stop()
  }

  async function refusal(): Promise<MillraceError> {
    const error = await stage.open().then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(error).to.be.instanceOf(MillraceError)
    return error as MillraceError
  }

  it('should apply twice without harm, and tell what is missing before', async () => {
    const inspect = async () =>
      Promise.all(
        captureResources(stage.database, stage.spec).map(async (it) => [it.kind, await it.inspect()]),
      )
    expect((await inspect()).map(([kind, found]) => `${kind} ${found}`)).to.deep.equal([
      'table missing',
      'publication missing',
      'slot missing',
    ])
    await stage.apply()
    for (const resource of captureResources(stage.database, stage.spec)) await resource.create()
    expect((await inspect()).map(([, found]) => found)).to.deep.equal(['present', 'present', 'present'])
  })

  it('should refuse to start before apply, naming the command', async () => {
    const error = await refusal()
    expect([error.code, exitCode(error)]).to.deep.equal(['MISSING', 3])
    expect(error.message).to.match(/capture users: table millrace\.captures .* millrace apply$/)
  })

  it('should refuse to start without its publication', async () => {
    await captured('a')
    await (await stage.client()).query('DROP PUBLICATION millrace_users')
    const error = await refusal()
    expect(error.code).to.equal('MISSING')
    expect(error.message).to.match(/publication millrace_users does not exist.* millrace apply$/)
  })

  it('should refuse a publication that was gone while rows were written', async () => {
    await captured('a')
    const client = await stage.client()
    await client.query('DROP PUBLICATION millrace_users')
    await client.query("INSERT INTO staging.users (name) VALUES ('unseen')")
    await stage.apply()
    const error = await refusal()
    expect(error.code).to.equal('DATA_LOSS')
    expect(error.message).to.match(/publication millrace_users or table staging\.users was made anew/)
    await recapture(stage.database, stage.spec)
    await stage.start()
    expect((await stage.rowsReaching(3)).map(({ name }) => name)).to.deep.equal(['a', 'a', 'unseen'])
  })

  it('should stop when the table is taken out of its publication while it runs', async () => {
    await stage.apply()
    await stage.start()
    const client = await stage.client()
    await client.query('ALTER PUBLICATION millrace_users DROP TABLE staging.users')
    await client.query("INSERT INTO staging.users (name) VALUES ('unseen')")
    await client.query('ALTER PUBLICATION millrace_users ADD TABLE staging.users')
    const error = await stage.failure()
    expect(error).to.have.property('code', 'DATA_LOSS')
    expect(error)
      .to.have.property('message')
      .that.match(/was made anew|does not include/)
  })

  it('should refuse a publication from which the table was taken', async () => {
    await captured('a')
    await (await stage.client()).query('ALTER PUBLICATION millrace_users DROP TABLE staging.users')
    const error = await refusal()
    expect(error.code).to.equal('DATA_LOSS')
    expect(error.message).to.match(/does not include staging\.users/)
  })

  it('should refuse a publication that filters rows', async () => {
    await captured('a')
    await (await stage.client()).query(
      'ALTER PUBLICATION millrace_users SET TABLE staging.users WHERE (id > 5), millrace.captures',
    )
    const error = await refusal()
    expect(error.code).to.equal('DATA_LOSS')
    expect(error.message).to.match(/filters rows or columns of staging\.users/)
  })

  it('should refuse a table without primary key', async () => {
    await (await stage.client()).query('ALTER TABLE staging.users DROP CONSTRAINT users_pkey')
    const error = await stage.apply().catch((error: unknown) => error)
    expect(error).to.have.property('code', 'CONFIG')
    expect(error)
      .to.have.property('message')
      .that.match(/staging\.users has no primary key/)
  })

  it('should refuse a slot that was dropped, and capture everything again after recapture', async () => {
    await captured('a', 'b')
    await stage.dropSlot()
    const client = await stage.client()
    await client.query("INSERT INTO staging.users (name) VALUES ('unseen')")
    const error = await refusal()
    expect([error.code, exitCode(error)]).to.deep.equal(['DATA_LOSS', 3])
    expect(error.message).to.include(`replication slot ${stage.spec.slot} is gone`)
    expect(error.message).to.include('staging.users')
    expect(error.message).to.include('millrace apply --recapture users')
    // Apply alone must not paper over it.
    await stage.apply()
    expect((await refusal()).code).to.equal('DATA_LOSS')
    await recapture(stage.database, stage.spec)
    await stage.start()
    await client.query("INSERT INTO staging.users (name) VALUES ('streamed')")
    const rows = await stage.rowsReaching(6)
    expect(rows.map(({ name }) => name)).to.deep.equal(['a', 'b', 'a', 'b', 'unseen', 'streamed'])
  })

  it('should refuse a slot that was dropped and made again', async () => {
    await captured('a')
    await stage.dropSlot()
    const client = await stage.client()
    await client.query("INSERT INTO staging.users (name) VALUES ('unseen')")
    await client.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [stage.spec.slot])
    const error = await refusal()
    expect(error.code).to.equal('DATA_LOSS')
    expect(error.message).to.match(/was advanced to .* behind our back/)
  })

  it('should refuse a slot that was advanced behind our back, with both positions', async () => {
    await captured('a')
    const client = await stage.client()
    await client.query("INSERT INTO staging.users (name) VALUES ('unseen')")
    await client.query('SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())', [stage.spec.slot])
    const error = await refusal()
    expect([error.code, exitCode(error)]).to.deep.equal(['DATA_LOSS', 3])
    expect(error.message).to.match(
      /advanced to [0-9A-F]+\/[0-9A-F]+ behind our back.* up to [0-9A-F]+\/[0-9A-F]+/,
    )
    await recapture(stage.database, stage.spec)
    await stage.start()
    expect((await stage.rowsReaching(3)).map(({ name }) => name)).to.deep.equal(['a', 'a', 'unseen'])
  })

  it('should refuse, while it runs, a slot that is advanced during a lost connection', async () => {
    await stage.apply()
    await stage.start()
    const client = await stage.client()
    // Takes the capture's lock as soon as its session ends: it can't be back before the slot is moved.
    const holder = await stage.client()
    const locked = holder.query(LOCK, ['users'])
    await client.query(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND granted",
    )
    await locked
    await client.query("INSERT INTO staging.users (name) VALUES ('unseen')")
    await until(async () => !(await stage.slotIsActive()))
    await client.query('SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())', [stage.spec.slot])
    await holder.query('SELECT pg_advisory_unlock_all()')
    const error = await stage.failure()
    expect(error).to.have.property('code', 'DATA_LOSS')
  })

  it('should wait for a predecessor that the server still holds for alive', async () => {
    await captured('a')
    const holder = await stage.client()
    await holder.query(LOCK, ['users'])
    const told: string[] = []
    const say = (_: object, message: string) => told.push(message)
    const logger = { debug: say, info: say, warn: say, error: say }
    const capture = await stage.launch({ logger })
    await until(() => told.length > 0)
    expect(told).to.deep.equal(['waiting for its lock, held by a PostgreSQL process'])
    expect(capture.status.state).to.equal('starting')
    await holder.query('SELECT pg_advisory_unlock_all()')
    await until(() => capture.status.state === 'streaming')
  })

  it('should say who holds the slot when that does not end', async () => {
    await captured('a')
    const client = await stage.client()
    const database = new URL(stage.databaseUrl).pathname.slice(1)
    // The limit is wal_sender_timeout + 10 s.
    await client.query(`ALTER DATABASE ${database} SET wal_sender_timeout = '1ms'`)
    const holder = await stage.client()
    await holder.query(LOCK, ['users'])
    const pid = (await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid
    await stage.launch()
    const error = await stage.failure()
    expect(error).to.have.property('code', 'CONFIG')
    expect(error).to.have.property('message').that.includes(`PostgreSQL process ${pid} holds its lock`)
  })

  it('should not recapture while the capture runs', async () => {
    await stage.apply()
    await stage.start()
    const error = await recapture(stage.database, stage.spec).catch((error: unknown) => error)
    expect(error)
      .to.have.property('message')
      .that.match(/capture users is running .*stop it first/)
  })

  it('should refuse names that are no identifiers', async () => {
    for (const changes of [{ slot: 'x"; DROP' }, { publication: "p'; --" }, { table: 'a.b; c' }]) {
      const resources = captureResources(stage.database, { ...stage.spec, ...changes })
      const made = async () => {
        for (const resource of resources) await resource.create()
      }
      const error = await made().catch((error: unknown) => error)
      expect(error, JSON.stringify(changes)).to.have.property('code', 'CONFIG')
    }
  })
})
