import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { openDatabase } from '../../../../connectors/postgres/connection.ts'
import { postgres } from '../../../../connectors/postgres/index.ts'
import { postgresConnector } from '../../../../connectors/postgres/sink/connector.ts'
import { select } from '../../../support/embedded.ts'
import { servers } from '../../../support/servers.ts'

describe('a PostgreSQL table that is emptied', () => {
  it('should hold no row, and still be there', async () => {
    const { databaseUrl } = servers()
    const name = `cleared_${randomUUID().slice(0, 8)}`
    const database = openDatabase(databaseUrl, { name: 'millrace spec' })
    const connector = postgresConnector({ database })
    const target = postgres(name, { columns: { id: 'text' }, primaryKey: ['id'] })
    try {
      for (const resource of connector.resources(target, { application: name, step: 'rows' })) {
        if ((await resource.inspect()) === 'missing') await resource.create()
      }
      await select(databaseUrl, `insert into ${name} (id, write_clock) values ('a', 1), ('b', 1)`)
      await connector.clear(target)
      expect(await select(databaseUrl, `select * from ${name}`)).to.deep.equal([])
    } finally {
      await select(databaseUrl, `drop table if exists ${name}`)
      await database.close()
    }
  })
})
