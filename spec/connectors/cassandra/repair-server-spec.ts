import { expect } from 'chai'
import { cassandraConnector } from '../../../connectors/cassandra/connector.ts'
import { cassandra } from '../../../connectors/cassandra/index.ts'
import type { TableTarget } from '../../../lib/table/table.ts'
import { mendRow } from '../../../lib/verify/mend.ts'
import { REPAIRED, rowRepairConformance } from '../../conformance/row-repair.ts'
import { openKeyspace } from './keyspace.ts'

const target = cassandra('mended', {
  columns: REPAIRED,
  primaryKey: { partition: ['country', 'day'], clustering: ['start'] },
})

rowRepairConformance('a Cassandra table', async () => {
  const keyspace = openKeyspace()
  const connector = cassandraConnector(keyspace.settings)
  const close = async () => {
    await connector.close()
    await keyspace.drop()
  }
  return { connector, target: target as TableTarget, close }
})

describe('mending what was done to Cassandra by hand', () => {
  const users = cassandra('users', {
    columns: { id: 'text', name: 'text', city: 'text' },
    primaryKey: { partition: ['id'] },
  })
  const keyspace = openKeyspace()
  const connector = cassandraConnector(keyspace.settings)
  const context = { application: 'repair', step: 'users' }
  const should = { value: { id: 'a', name: 'Ada', city: 'Oslo' }, timestamp: Date.UTC(2026, 0, 1) }

  before(async () => {
    for (const resource of connector.resources(users, context)) await resource.create()
  })

  after(async () => {
    await connector.close()
    await keyspace.drop()
  })

  beforeEach(async () => {
    const repair = await connector.repair!(users, context)
    await repair.writeRow(['a'], should.value, should.timestamp * 1000)
  })

  const changes: readonly (readonly [string, string, RegExp])[] = [
    ['a changed cell', `UPDATE users SET city = 'Rome' WHERE id = 'a'`, /one above/],
    ['a deleted cell', `DELETE city FROM users WHERE id = 'a'`, /present clock/],
    ['a deleted row', `DELETE FROM users WHERE id = 'a'`, /present clock/],
  ]
  for (const [what, cql, how] of changes) {
    it(`should mend ${what}`, async () => {
      await keyspace.execute(cql.replace('users', `${keyspace.name}.users`))
      const repair = await connector.repair!(users, context)
      const mended = await mendRow(repair, ['a'], should)
      expect(mended.outcome).to.equal('mended')
      expect(mended.how).to.match(how)
      const rows = await keyspace.select(`SELECT * FROM ${keyspace.name}.users`)
      expect(rows).to.deep.equal([should.value])
    })
  }

  it('should delete a row that holds nothing but its key', async () => {
    await keyspace.execute(`INSERT INTO ${keyspace.name}.users (id) VALUES ('b')`)
    const repair = await connector.repair!(users, context)
    expect(await mendRow(repair, ['b'], { value: null, timestamp: 0 })).to.include({ outcome: 'mended' })
    expect((await repair.readRow(['b'])).value).to.equal(null)
  })
})
