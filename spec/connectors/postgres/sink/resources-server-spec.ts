import { expect } from 'chai'
import { postgres } from '../../../../connectors/postgres/index.ts'
import { postgresConnector } from '../../../../connectors/postgres/sink/connector.ts'
import type { TableTarget } from '../../../../lib/table/table.ts'
import { usersByCountry, usersById } from '../../../../topologies/insight/tables.ts'
import { rejectionOf } from '../../../contract/failure-of.ts'
import { context, never, openSinkStage, rowAt, type SinkStage } from './sink-stage.ts'

describe('PostgreSQL as a sink, from apply to the first write', () => {
  let stage: SinkStage

  beforeEach(async () => {
    stage = await openSinkStage()
  })
  afterEach(() => stage?.close())

  const states = async (target: TableTarget, application = context.application) => {
    const resources = stage.connector.resources(target, { ...context, application })
    return Promise.all(resources.map(async ({ kind, name, inspect }) => [kind, name, await inspect()]))
  }

  it("should make Cassandra's tables of the same target: keys, types, index", async () => {
    const all = [usersById, usersByCountry].flatMap((target) => stage.connector.resources(target, context))
    expect(await Promise.all(all.map((resource) => resource.inspect()))).to.deep.equal(
      all.map(() => 'missing'),
    )
    for (const resource of all) await Promise.all([resource.create(), resource.create()])

    expect(await states(usersByCountry)).to.deep.equal([
      ['schema', 'millrace', 'present'],
      ['table', 'millrace.generations', 'present'],
      ['generation', 'millrace.generations/spec', 'present'],
      ['table', 'millrace.sink_positions', 'present'],
      ['schema', 'insights', 'present'],
      ['table', 'insights.users_by_country', 'present'],
      ['index', 'insights.users_by_country_age_band_idx', 'present'],
    ])
    const columns = await stage.sql(
      `select string_agg(column_name || ' ' || data_type, ', ' order by ordinal_position) as are
         from information_schema.columns where table_schema = 'insights' and table_name = 'users_by_country'`,
    )
    expect(columns).to.deep.equal([
      {
        are:
          'country_code text, user_id uuid, age_band text, full_name text, city text, ' +
          'registered_at timestamp with time zone, write_clock bigint, deleted boolean',
      },
    ])
    const indexes = await stage.sql(
      `select regexp_replace(indexdef, '.* USING ', '') as index from pg_indexes
        where schemaname = 'insights' and tablename = 'users_by_country' order by 1`,
    )
    expect(indexes).to.deep.equal([{ index: 'btree (age_band)' }, { index: 'btree (country_code, user_id)' }])
  })

  it('should tell how an existing table differs', async () => {
    await stage.sql('create schema insights')
    await stage.sql('create table insights.users (id text primary key, born timestamptz, country text)')
    const target = postgres('insights.users', {
      columns: { country: 'text', id: 'text', born: 'date' },
      primaryKey: ['country', 'id'],
    })
    const found = (await states(target)).find(([kind, name]) => kind === 'table' && name === 'insights.users')
    expect(found?.[2]).to.deep.equal({
      differs:
        'column born is timestamp with time zone, should be date; ' +
        'column write_clock is absent, should be bigint; column deleted is absent, should be boolean; ' +
        'primary key is (id), should be (country, id)',
    })
  })

  it('should keep tables apart by the schema in their names', async () => {
    const columns = { id: 'int' } as const
    const here = postgres('users', { columns, primaryKey: ['id'] })
    const there = postgres('elsewhere.users', { columns, primaryKey: ['id'] })
    await (await stage.sink(here)).write([rowAt(1, { id: 1 })], never)
    await (await stage.sink(there)).write([rowAt(2, { id: 2 })], never)
    expect((await stage.read(here)).map(({ value }) => value.id)).to.deep.equal([1])
    expect((await stage.read(there)).map(({ value }) => value.id)).to.deep.equal([2])
  })

  it('should give long names of indexes a name of their own', async () => {
    const [table, one, other] = ['t', 'a', 'b'].map((letter) => letter.repeat(48))
    const target = postgres(table!, {
      columns: { id: 'int', [`${one}`]: 'int', [`${other}`]: 'int' } as Record<string, 'int'>,
      primaryKey: ['id'],
      indexes: [{ column: one! }, { column: other! }],
    })
    await stage.sink(target)
    expect((await states(target)).map(([, , state]) => state)).to.deep.equal(Array(8).fill('present'))
  })

  it('should say what is missing when a sink is prepared before apply', async () => {
    const sink = await stage.connector.open(usersById, context)
    const error = await rejectionOf(sink.prepare())
    expect(error.code).to.equal('MISSING')
    expect(error.message).to.include('millrace apply')
  })

  it('should report a generation that apply has not made for this application', async () => {
    await stage.sink(usersById)
    expect((await states(usersById, 'another'))[2]).to.deep.equal([
      'generation',
      'millrace.generations/another',
      'missing',
    ])
    const sink = await stage.connector.open(usersById, { ...context, application: 'another' })
    expect(await rejectionOf(sink.prepare())).to.deep.include({
      code: 'MISSING',
      at: { application: 'another' },
    })
  })

  it('should refuse once the generations are used up', async () => {
    const sink = await stage.sink(usersById)
    await stage.sql('update millrace.generations set generation = 999')
    await sink.prepare()
    expect(await rejectionOf(stage.connector.raiseGeneration('spec'))).to.include({ code: 'DATA_LOSS' })
    await stage.sql('update millrace.generations set generation = 1000')
    expect(await rejectionOf(sink.prepare())).to.include({ code: 'DATA_LOSS' })
  })

  it('should raise a generation once for each that is told so', async () => {
    await stage.sink(usersById)
    const raised = await Promise.allSettled(
      Array.from({ length: 6 }, () => stage.connector.raiseGeneration('spec')),
    )
    const won = raised.filter(({ status }) => status === 'fulfilled')
    const [row] = await stage.sql<{ generation: number }>('select generation from millrace.generations')
    expect(row?.generation).to.equal(won.length)
    for (const one of raised) if (one.status === 'rejected') expect(one.reason).to.include({ code: 'FENCED' })
  })

  for (const [what, ddl] of [
    ['dropped', 'drop table insights.users'],
    ['changed', 'alter table insights.users drop column size'],
  ]) {
    it(`should end with MISSING, not retry, when the table is ${what} under a running sink`, async () => {
      const users = postgres('users', { columns: { id: 'int', size: 'int' }, primaryKey: ['id'] })
      const sink = await stage.sink(users)
      await sink.write([rowAt(1, { id: 1 })], never)
      await stage.sql(ddl!)
      const error = await rejectionOf(sink.write([rowAt(2, { id: 2 })], never))
      expect(error.code).to.equal('MISSING')
      expect(error.message).to.include('insights.users').and.include('millrace apply')
    })
  }

  it('should leave open a database that it was given', async () => {
    const { database } = stage.database
    const connector = postgresConnector({ database })
    await connector.close()
    expect(await database.query('ask', 'select 1 as one')).to.deep.equal([{ one: 1 }])
  })
})
