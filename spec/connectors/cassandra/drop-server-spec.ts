import { expect } from 'chai'
import { type CassandraConnector, cassandraConnector } from '../../../connectors/cassandra/connector.ts'
import { cassandra } from '../../../connectors/cassandra/index.ts'
import { openKeyspace, type SpecKeyspace } from './keyspace.ts'

describe('a Cassandra table that is dropped', () => {
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

  it('should be gone, others not; and again do nothing', async () => {
    const [gone, kept] = ['gone', 'kept'].map((name) =>
      cassandra(name, {
        columns: { id: 'text', size: 'int' },
        primaryKey: { partition: ['id'] },
        indexes: [{ column: 'size', using: 'sai' }],
      }),
    )
    for (const target of [gone!, kept!]) {
      const resources = connector.resources(target, { application: 'dropped', step: 'rows' })
      for (const resource of resources) await resource.create()
    }
    await connector.drop!(gone!)
    await connector.drop!(gone!)
    const tables = await keyspace.select<{ table_name: string }>(
      `SELECT table_name FROM system_schema.tables WHERE keyspace_name = '${keyspace.name}'`,
    )
    const names = tables.map(({ table_name }) => table_name)
    expect(names).to.include('kept').and.to.not.include('gone')
  })
})
