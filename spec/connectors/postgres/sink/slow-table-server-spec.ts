import { expect } from 'chai'
import { postgres } from '../../../../connectors/postgres/index.ts'
import { type PostgresConnector, postgresConnector } from '../../../../connectors/postgres/sink/connector.ts'
import { type Logger, SILENT } from '../../../../lib/log.ts'
import { context, never, openSinkStage, rowAt, type SinkStage } from './sink-stage.ts'

const slow = postgres('slow', { columns: { id: 'int' }, primaryKey: ['id'] })

describe('a PostgreSQL table that takes longer than a write waits for an answer', () => {
  const warnings: string[] = []
  const logger: Logger = { ...SILENT, warn: (_, message) => warnings.push(message) }
  let stage: SinkStage
  let connector: PostgresConnector

  before(async () => {
    stage = await openSinkStage()
    await stage.sink(slow)
    await stage.sql(`create function insights.slowly() returns trigger language plpgsql as
      $$ begin perform pg_sleep(0.35); return new; end $$`)
    await stage.sql(`create trigger slowly before insert on insights.slow
      for each statement execute function insights.slowly()`)
    connector = postgresConnector({
      databaseUrl: stage.database.url,
      schema: 'insights',
      connections: 4,
      answerWithin: 50,
      logger,
    })
  })
  after(async () => {
    await connector?.close()
    await stage?.close()
  })

  const sink = async () => {
    const opened = await connector.open(slow, context)
    await opened.prepare()
    return opened
  }
  const stored = (id: number) => stage.sql(`select from insights.slow where id = ${id}`)

  it('should be waited for twice as long each time, until it has answered', async () => {
    await (await sink()).write([rowAt(1, { id: 1 })], never)
    expect(await stored(1)).to.have.length(1)
    expect(warnings[0]).to.include('sink "rows" waits').and.include('timeout')
  })

  it('should be written to once where position and epoch are kept, and answer the next write at once', async () => {
    const taken = await (await sink()).take!('0_0')
    await taken.write([rowAt(2, { id: 2 })], [{ topic: 'rows', partition: 7, offset: 3 }], never)
    await taken.write([rowAt(3, { id: 3 })], [{ topic: 'rows', partition: 7, offset: 4 }], never)
    expect(await stored(2)).to.have.length(1)
    const [held] = await stage.sql(`select batch::int, positions from millrace.sink_positions`)
    expect(held).to.deep.equal({ batch: 2, positions: { 'rows/7': 4 } })
  })
})
