import { expect } from 'chai'
import { postgres } from '../../../../connectors/postgres/index.ts'
import type { TableTarget } from '../../../../lib/table/table.ts'
import { openSinkStage, type SinkStage } from './sink-stage.ts'

describe('a PostgreSQL table that is dropped', () => {
  let stage: SinkStage
  before(async () => {
    stage = await openSinkStage()
  })
  after(() => stage?.close())

  it('should be gone, others not; and again do nothing', async () => {
    const [gone, kept] = ['gone', 'kept'].map((name) => {
      return postgres(name, { columns: { id: 'text' }, primaryKey: ['id'] }) as TableTarget
    })
    for (const target of [gone!, kept!]) await (await stage.sink(target)).close()
    await stage.connector.drop(gone!)
    await stage.connector.drop(gone!)
    const tables = await stage.sql<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'insights'`,
    )
    expect(tables.map(({ name }) => name)).to.deep.equal(['kept'])
  })
})
