import { expect } from 'chai'
import { type CassandraConnector, cassandraConnector } from '../../../connectors/cassandra/connector.ts'
import { type CassandraTarget, cassandra } from '../../../connectors/cassandra/index.ts'
import type { Sink, SinkRow } from '../../../lib/ports.ts'
import { rejectionOf } from '../../contract/failure-of.ts'
import { servers } from '../../support/servers.ts'
import { openKeyspace, type SpecKeyspace } from './keyspace.ts'

const users = cassandra('users', {
  columns: { country: 'text', id: 'uuid', band: 'text', born: 'date' },
  primaryKey: { partition: ['country'], clustering: ['id'] },
  indexes: [{ column: 'band', using: 'sai' }],
})
const context = { application: 'app', step: 'users' }
const never = new AbortController().signal
const id = '0b8b2c6e-0000-4000-8000-000000000001'

function row(fields: Record<string, unknown>): SinkRow {
  const origin = { topic: 'users.raw', partition: 1, offset: 42 }
  return { value: fields, key: null, timestamp: Date.UTC(2026, 0), headers: [], origin }
}

describe('Cassandra, from apply to the first write', () => {
  let keyspace: SpecKeyspace
  let connector: CassandraConnector

  before(() => {
    keyspace = openKeyspace()
    connector = cassandraConnector(keyspace.settings)
  })

  after(async () => {
    await connector?.close()
    await keyspace?.drop()
  })

  const inspected = async (target: CassandraTarget) => {
    const resources = connector.resources(target, context)
    return Promise.all(resources.map(async (one) => [one.kind, await one.inspect()]))
  }
  const opened = async (target: CassandraTarget = users): Promise<Sink> => {
    const sink = await connector.open(target, context)
    await sink.prepare()
    return sink
  }

  it('should find all missing before apply, and say so when a sink is prepared', async () => {
    expect((await inspected(users)).map(([, state]) => state)).to.deep.equal(Array(5).fill('missing'))
    const error = await rejectionOf(opened())
    expect(error.code).to.equal('MISSING')
    expect(error.message).to.include('millrace apply')
  })

  it('should create keyspace, generation, table and index, also twice at a time', async () => {
    for (const resource of connector.resources(users, context)) {
      await Promise.all([resource.create(), resource.create()])
    }
    expect(await inspected(users)).to.deep.equal([
      ['keyspace', 'present'],
      ['table', 'present'],
      ['generation', 'present'],
      ['table', 'present'],
      ['index', 'present'],
    ])
  })

  it('should let the index be queried', async () => {
    await (await opened()).write([row({ country: 'NO', id, band: '18-24', born: 0 })], never)
    const found = await keyspace.select(
      `SELECT country FROM ${keyspace.name}.users WHERE country = 'NO' AND band = '18-24'`,
    )
    expect(found).to.deep.equal([{ country: 'NO' }])
  })

  it('should tell how an existing table differs', async () => {
    const other = cassandra('users', {
      columns: { country: 'text', id: 'text', band: 'text', age: 'int' },
      primaryKey: { partition: ['country', 'id'] },
    })
    const [, , , [, state]] = (await inspected(other)) as [unknown, unknown, unknown, [string, unknown]]
    expect(state).to.deep.equal({
      differs:
        'column id is uuid, should be text; column age is absent, should be int; ' +
        'primary key is ((country), id), should be ((country, id))',
    })
  })

  it('should report a generation that apply has not made for this application', async () => {
    const sink = await connector.open(users, { ...context, application: 'other' })
    const error = await rejectionOf(sink.prepare())
    expect(error).to.include({ code: 'MISSING' })
    expect(error.message).to.include('"other"').and.include('millrace apply')
  })

  it('should refuse to write once the generations are used up', async () => {
    const table = `${keyspace.name}.millrace_generations`
    await keyspace.execute(`UPDATE ${table} SET generation = 998 WHERE application = 'app' IF EXISTS`)
    expect(await connector.raiseGeneration('app')).to.equal(999)
    await opened()
    expect(await rejectionOf(connector.raiseGeneration('app'))).to.include({ code: 'DATA_LOSS' })
    await keyspace.execute(`UPDATE ${table} SET generation = 1000 WHERE application = 'app' IF EXISTS`)
    expect(await rejectionOf(opened())).to.include({ code: 'DATA_LOSS', retriable: false })
    await keyspace.execute(`UPDATE ${table} SET generation = 0 WHERE application = 'app' IF EXISTS`)
  })

  const refused: [string, Record<string, unknown>][] = [
    ['an empty partition key', { country: '', id }],
    ['a partition key that is too long', { country: 'secret'.repeat(20_000), id }],
    ['a row that is too large', { country: 'secret', id, band: 'x'.repeat(6_000_000) }],
  ]
  for (const [what, fields] of refused) {
    it(`should refuse ${what} with WRITE naming its place, and go on with others`, async () => {
      const sink = await opened()
      const error = await rejectionOf(sink.write([row(fields)], never))
      expect(error).to.include({ code: 'WRITE', retriable: false })
      expect(error.at).to.deep.include({ step: 'users', topic: 'users.raw', partition: 1, offset: 42 })
      expect(error.message).to.include('users.raw/1/42').and.not.include('secret')
      expect(error.cause).to.equal(undefined)
      await sink.write([row({ country: 'SE', id })], never)
    })
  }

  it('should end with MISSING, not retry, when the table is dropped under a running sink', async () => {
    const sink = await opened()
    await keyspace.execute(`DROP TABLE ${keyspace.name}.users`)
    const error = await rejectionOf(sink.write([row({ country: 'NO', id })], never))
    expect(error).to.include({ code: 'MISSING', retriable: false })
    expect(error.message).to.include(`${keyspace.name}.users`)
  })
})

describe('Cassandra that cannot be used', () => {
  const settings = () => ({
    contactPoints: servers().cassandraContactPoints.split(','),
    localDataCenter: 'datacenter1',
    keyspace: 'spec_none',
  })
  const openWith = async (changed: object) => {
    const connector = cassandraConnector({ ...settings(), ...changed })
    try {
      return await rejectionOf(connector.open(users, context))
    } finally {
      await connector.close()
    }
  }

  it('should reject with UNREACHABLE naming contact points and variable when nothing listens', async () => {
    const error = await openWith({ contactPoints: ['127.0.0.1:1'] })
    expect(error).to.include({ code: 'UNREACHABLE', retriable: true })
    expect(error.message).to.include('127.0.0.1:1').and.include('CASSANDRA_CONTACT_POINTS')
  })

  it('should reject with CONFIG naming the right data centre for a wrong one', async () => {
    const error = await openWith({ localDataCenter: 'nowhere' })
    expect(error).to.include({ code: 'CONFIG' })
    expect(error.message).to.include('nowhere').and.include('datacenter1').and.include('CASSANDRA_LOCAL_DC')
  })

  it('should reject a keyspace that is no plain name', () => {
    expect(() => cassandraConnector({ ...settings(), keyspace: 'a"; DROP' })).to.throw('keyspace')
  })
})
