import { expect } from 'chai'
import { bytesHeld } from '../../../support/process-memory.ts'
import { CaptureStage, until } from './capture-stage.ts'

describe('capture stream', () => {
  let stage: CaptureStage

  beforeEach(async () => {
    stage = await CaptureStage.open()
    await stage.apply()
  })

  afterEach(() => stage.close())

  it('should take rows in the order of commits, whatever the order of their ids', async () => {
    await stage.start()
    const [first, second] = [await stage.client(), await stage.client()]
    await first.query('BEGIN')
    await first.query("INSERT INTO staging.users (name) VALUES ('a')")
    await second.query('BEGIN')
    await second.query("INSERT INTO staging.users (name) VALUES ('b')")
    await second.query('COMMIT')
    await stage.rowsReaching(1)
    await first.query('COMMIT')
    const rows = await stage.rowsReaching(2)
    expect(rows).to.deep.equal([
      { id: '2', name: 'b', notes: null },
      { id: '1', name: 'a', notes: null },
    ])
  })

  it('should write key, timestamp and headers as encoded', async () => {
    await stage.start()
    const client = await stage.client()
    await client.query("INSERT INTO staging.users (name) VALUES ('Zoë')")
    await stage.rowsReaching(1)
    const [record] = await stage.records()
    expect(String(record?.key)).to.equal('Zoë')
    expect(record?.timestamp).to.equal(1_600_000_000_001)
    expect(record?.headers.map(([name, value]) => [name, String(value)])).to.deep.equal([
      ['millrace.staging.id', '1'],
    ])
  })

  it('should leave out what was rolled back, also to a savepoint', async () => {
    await stage.start()
    const client = await stage.client()
    await client.query("BEGIN; INSERT INTO staging.users (name) VALUES ('rolled back'); ROLLBACK")
    await client.query(`
      BEGIN;
      INSERT INTO staging.users (name) VALUES ('before');
      SAVEPOINT one; INSERT INTO staging.users (name) VALUES ('undone'); ROLLBACK TO one;
      SAVEPOINT two; INSERT INTO staging.users (name) VALUES ('nested'); RELEASE two;
      INSERT INTO staging.users (name) VALUES ('after');
      COMMIT`)
    const rows = await stage.rowsReaching(3)
    expect(rows.map(({ name }) => name)).to.deep.equal(['before', 'nested', 'after'])
  })

  it('should send an updated row again; deletes and truncates are counted', async () => {
    const capture = await stage.start()
    const client = await stage.client()
    await client.query("INSERT INTO staging.users (name) VALUES ('a'), ('b')")
    await client.query("UPDATE staging.users SET name = 'c' WHERE id = 1")
    await client.query('DELETE FROM staging.users WHERE id = 2')
    await client.query('TRUNCATE staging.users')
    const rows = await stage.rowsReaching(3)
    expect(rows.map(({ id, name }) => [id, name])).to.deep.equal([
      ['1', 'a'],
      ['2', 'b'],
      ['1', 'c'],
    ])
    await until(() => capture.status.truncates === 1)
    expect(capture.status).to.include({ rows: 3, deletes: 1, truncates: 1, deadLetters: 0 })
  })

  it('should complete an update that leaves out a large value', async () => {
    await stage.start()
    const client = await stage.client()
    await client.query('ALTER TABLE staging.users ALTER notes SET STORAGE EXTERNAL')
    await client.query("INSERT INTO staging.users (name, notes) VALUES ('a', repeat('y', 5000))")
    await client.query("UPDATE staging.users SET name = 'b'")
    const rows = await stage.rowsReaching(2)
    expect(rows[1]).to.deep.equal({ id: '1', name: 'b', notes: 'y'.repeat(5000) })
  })

  it('should send an update that can not be completed, since its row is gone, to the dead letters', async () => {
    const client = await stage.client()
    await client.query('ALTER TABLE staging.users ALTER notes SET STORAGE EXTERNAL')
    await client.query("INSERT INTO staging.users (name, notes) VALUES ('a', repeat('y', 5000))")
    await stage.start()
    await stage.stop()
    await client.query("UPDATE staging.users SET name = 'b'")
    await client.query('DELETE FROM staging.users')
    await stage.start()
    const [letter] = await stage.deadLettersReaching(1)
    const reason = letter?.headers.find(([name]) => name === 'millrace.dlq.reason')?.[1]
    expect(String(reason)).to.match(/left out notes unchanged, and the row is gone.*REPLICA IDENTITY FULL/)
    expect(await stage.rows()).to.have.length(1)
  })

  it('should send a row to the dead letters, by its id and without payload, when it can not be keyed', async () => {
    const capture = await stage.start()
    const client = await stage.client()
    await client.query(
      "INSERT INTO staging.users (name, notes) VALUES ('a', ''), (null, 'secret'), ('b', '')",
    )
    const rows = await stage.rowsReaching(2)
    const [letter, ...others] = await stage.deadLettersReaching(1)
    expect(rows.map(({ id }) => id)).to.deep.equal(['1', '3'])
    expect(others).to.deep.equal([])
    expect(letter?.value).to.equal(null)
    expect(
      Object.fromEntries(letter?.headers.map(([name, value]) => [name, String(value)]) ?? []),
    ).to.deep.equal({
      'millrace.dlq.reason': 'no name',
      'millrace.dlq.code': 'REJECTED',
      'millrace.dlq.step': 'users',
      'millrace.dlq.source': 'staging.users',
      'millrace.dlq.id': '2',
    })
    await until(() => capture.status.deadLetters === 1)
  })

  it('should send a record that is too large for a topic to the dead letters', async () => {
    await stage.start()
    const client = await stage.client()
    await client.query(
      "INSERT INTO staging.users (name, notes) VALUES ('a', repeat('y', 2000000)), ('b', '')",
    )
    const rows = await stage.rowsReaching(1)
    const letters = await stage.deadLettersReaching(1)
    expect([rows.map(({ id }) => id), letters.map(({ key }) => String(key))]).to.deep.equal([['2'], ['1']])
  })

  it('should stop at a row whose encoding throws anything odd, naming it, and start there again', async () => {
    const odd = (row: Record<string, string | null>) => {
      throw new TypeError(`cannot read ${row.notes}`)
    }
    await stage.launch({ encode: odd })
    const client = await stage.client()
    await client.query("INSERT INTO staging.users (name, notes) VALUES ('a', 'secret')")
    const failure = await stage.failure()
    expect(failure).to.have.property('code', 'STEP')
    expect(failure).to.have.property(
      'message',
      'capture users: encode threw TypeError for the row of staging.users with id 1',
    )
    await stage.start()
    expect(await stage.rowsReaching(1)).to.have.length(1)
  })

  it('should go on when columns are added, renamed and dropped', async () => {
    await stage.start()
    const client = await stage.client()
    await client.query("INSERT INTO staging.users (name, notes) VALUES ('a', 'n')")
    await client.query(
      "ALTER TABLE staging.users ADD COLUMN city text DEFAULT 'Ulm'; ALTER TABLE staging.users DROP notes",
    )
    await client.query("INSERT INTO staging.users (name) VALUES ('b')")
    await client.query('ALTER TABLE staging.users RENAME city TO town')
    await client.query("INSERT INTO staging.users (name) VALUES ('c')")
    expect(await stage.rowsReaching(3)).to.deep.equal([
      { id: '1', name: 'a', notes: 'n' },
      { id: '2', name: 'b', city: 'Ulm' },
      { id: '3', name: 'c', town: 'Ulm' },
    ])
  })

  it('should take 50,000 rows of one transaction in order, in bounded memory', async () => {
    let largest = 0
    let steps = 0
    const sample = () => {
      if (++steps % 10 === 0) largest = Math.max(largest, bytesHeld())
    }
    const client = await stage.client()
    await stage.start({ onProgress: sample })
    const before = bytesHeld()
    // 200 MB, which would not fit into the bound if it were held.
    await client.query(
      'INSERT INTO staging.users (name, notes) SELECT g, repeat(md5(g::text), 128) FROM generate_series(1, 50000) g',
    )
    const ends = async () =>
      (await stage.broker.admin.offsets(stage.topic)).reduce((sum, { end }) => sum + end, 0)
    await until(async () => (await ends()) >= 50_000)
    expect((largest - before) / 2 ** 20).to.be.below(64)
    const offsets: number[] = []
    const [range] = await stage.broker.admin.offsets(stage.topic)
    const wanted = [{ topic: stage.topic, partition: 0, from: 0, to: range?.end ?? 0 }]
    for await (const batch of stage.broker.read(wanted)) {
      for (const { timestamp } of batch.records) offsets.push(timestamp - 1_600_000_000_000)
    }
    expect(offsets).to.deep.equal(Array.from({ length: 50_000 }, (_, i) => i + 1))
  })

  it('should free the log of an idle table beside busy ones, and of an idle database', async () => {
    await stage.start()
    const busy = await stage.client()
    await busy.query('CREATE TABLE busy (text text); ALTER TABLE busy ALTER text SET STORAGE EXTERNAL')
    const start = await stage.positions()
    for (let i = 0; i < 4; i++) {
      await busy.query('INSERT INTO busy SELECT repeat(md5(g::text), 100) FROM generate_series(1, 3000) g')
      await busy.query('CHECKPOINT')
    }
    const end = await stage.positions()
    expect(end.walEnd - start.walEnd > 20_000_000n, 'the neighbours write tens of MB').to.equal(true)
    await until(async () => {
      await busy.query('CHECKPOINT')
      const { walEnd, restart } = await stage.positions()
      return walEnd - restart < 1_000_000n
    })
    const { slot, stored } = await stage.positions()
    expect(slot <= stored).to.equal(true)
  })

  it('should acknowledge everything at a stop, and nothing twice at the next start', async () => {
    await stage.start()
    const client = await stage.client()
    await client.query("INSERT INTO staging.users (name) VALUES ('a')")
    await stage.rowsReaching(1)
    await stage.stop()
    await client.query("INSERT INTO staging.users (name) VALUES ('b')")
    await stage.start()
    expect((await stage.rowsReaching(2)).map(({ name }) => name)).to.deep.equal(['a', 'b'])
  })
})
