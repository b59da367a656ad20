import { expect } from 'chai'
import { type CassandraConnector, cassandraConnector } from '../../../connectors/cassandra/connector.ts'
import { type CassandraTarget, cassandra } from '../../../connectors/cassandra/index.ts'
import type { ReadOptions, ReadRow } from '../../../connectors/cassandra/read.ts'
import type { SinkRow } from '../../../lib/ports.ts'
import { openKeyspace, type SpecKeyspace } from './keyspace.ts'

const every = cassandra('every', {
  columns: {
    id: 'uuid',
    text: 'text',
    int: 'int',
    bigint: 'bigint',
    double: 'double',
    boolean: 'boolean',
    date: 'date',
    timestamp: 'timestamp',
  },
  primaryKey: { partition: ['id'] },
})
const once = cassandra('once', {
  columns: { n: 'int', note: 'text' },
  primaryKey: { partition: ['n'] },
  absent: 'unset',
})

const context = { application: 'read', step: 'every' }
const NOON = Date.UTC(2026, 0, 1, 12)

describe('reading a Cassandra table', () => {
  let keyspace: SpecKeyspace
  let connector: CassandraConnector

  before(async () => {
    keyspace = openKeyspace()
    connector = cassandraConnector(keyspace.settings)
    for (const target of [every, once]) {
      for (const resource of connector.resources(target, context)) await resource.create()
    }
  })

  after(async () => {
    await connector?.close()
    await keyspace?.drop()
  })

  async function write(target: CassandraTarget, values: readonly Record<string, unknown>[]): Promise<void> {
    const sink = await connector.open(target, context)
    await sink.prepare()
    const origin = { topic: 'every', partition: 0, offset: 0 }
    const rows = values.map((value): SinkRow => ({ value, key: null, timestamp: NOON, headers: [], origin }))
    await sink.write(rows, new AbortController().signal)
  }

  async function read(target: CassandraTarget, options?: ReadOptions): Promise<ReadRow[]> {
    const rows: ReadRow[] = []
    for await (const row of connector.readTable(target, options)) rows.push(row)
    return rows
  }

  const [idA, idB, idC, idD] = ['a', 'b', 'c', 'd'].map((x) => `${x.repeat(8)}-0000-4000-8000-000000000000`)
  const nothing = {
    text: null,
    int: null,
    bigint: null,
    double: null,
    boolean: null,
    date: null,
    timestamp: null,
  }
  const largest = {
    text: 'Zoë 🌍 \u0000',
    int: 2 ** 31 - 1,
    bigint: Number.MAX_SAFE_INTEGER,
    double: 1e300,
    boolean: true,
    date: 100_000_000,
    timestamp: 8.64e15,
  }
  const smallest = {
    text: '',
    int: -(2 ** 31),
    bigint: Number.MIN_SAFE_INTEGER,
    double: -0.1,
    boolean: false,
    date: -25_567,
    timestamp: -1,
  }

  it('should give back the values as they were written, uuids in lower case', async () => {
    await write(every, [{ id: idA!.toUpperCase(), ...largest }, { id: idB, ...smallest }, { id: idC }])
    expect((await read(every)).map(({ value }) => value)).to.have.deep.members([
      { id: idA, ...largest },
      { id: idB, ...smallest },
      { id: idC, ...nothing },
    ])
  })

  it('should take uuids that differ only in case as one key', async () => {
    await write(every, [
      { id: idD, int: 9 },
      { id: idD!.toUpperCase(), int: 2 },
    ])
    expect((await read(every)).find(({ value }) => value.id === idD)?.value.int).to.equal(2)
  })

  it('should read only the columns asked for', async () => {
    const values = (await read(every, { columns: ['int'] })).map(({ value }) => value)
    expect(values).to.have.deep.members([
      { int: largest.int },
      { int: smallest.int },
      { int: null },
      { int: 2 },
    ])
  })

  it('should give the clock of each row, null where all columns but the key are null', async () => {
    const clocks = new Map((await read(every, { clock: true })).map(({ value, clock }) => [value.id, clock]))
    expect(clocks.get(idB)).to.equal(NOON * 1000)
    expect(clocks.get(idC)).to.equal(null)
  })

  it('should read a table of several pages, each row once', async () => {
    await write(
      once,
      Array.from({ length: 2500 }, (_, n) => ({ n, note: 'x' })),
    )
    const ns = (await read(once, { columns: ['n'] })).map(({ value }) => value.n as number)
    expect(ns.toSorted((a, b) => a - b)).to.deep.equal(Array.from({ length: 2500 }, (_, n) => n))
  })

  it('should leave what is absent unset where the target says so', async () => {
    await write(once, [{ n: 1, note: null }, { n: 2 }])
    const notes = new Map((await read(once)).map(({ value }) => [value.n, value.note]))
    expect([notes.get(1), notes.get(2)]).to.deep.equal(['x', 'x'])
  })
})
