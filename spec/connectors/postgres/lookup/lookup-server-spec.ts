import { expect } from 'chai'
import { postgresLookup } from '../../../../connectors/postgres/index.ts'
import { type PostgresLookups, postgresLookups } from '../../../../connectors/postgres/lookup/lookup.ts'
import { rejectionOf } from '../../../contract/failure-of.ts'
import { createSpecDatabase, type SpecDatabase } from '../../../support/spec-database.ts'

const never = new AbortController().signal

const countries = postgresLookup<{ name: string; currency: string | null }>('reference.countries', {
  key: 'country_code',
  columns: ['name', 'currency'],
})

describe('PostgreSQL look-ups', () => {
  let spec: SpecDatabase
  let lookups: PostgresLookups

  before(async () => {
    spec = await createSpecDatabase()
    lookups = postgresLookups({ databaseUrl: spec.url })
  })

  after(async () => {
    await lookups?.close()
    await spec?.drop()
  })

  describe('of reference.countries', () => {
    it('should be missing before apply, all of it', async () => {
      const states = await Promise.all(lookups.lookupResources(countries).map((one) => one.inspect()))
      expect(states).to.deep.equal(['missing', 'missing', 'missing'])
    })

    it('should reject a load with MISSING and the cure before apply', async () => {
      const error = await rejectionOf(lookups.openLookup(countries).load(['GB'], never))
      expect(error.code).to.equal('MISSING')
      expect(error.message).to.include('millrace apply')
    })

    it('should be created by apply, once and again, beside another', async () => {
      for (const resource of lookups.lookupResources(countries)) {
        await Promise.all([resource.create(), resource.create()])
        expect(await resource.inspect(), resource.kind).to.equal('present')
      }
      const [{ count }] = (await spec.database.query<{ count: number }>(
        'count',
        'select count(*)::int from reference.countries',
      )) as [{ count: number }]
      expect(count).to.equal(252)
    })

    it('should load many keys at a time and leave out those without a row', async () => {
      const found = await lookups.openLookup(countries).load(['GB', 'LEGO', 'NO', '\0'], never)
      expect([...found].toSorted()).to.deep.equal([
        ['GB', { name: 'United Kingdom', currency: 'GBP' }],
        ['NO', { name: 'Norway', currency: 'NOK' }],
      ])
    })

    it('should load nothing for no keys', async () => {
      expect((await lookups.openLookup(countries).load([], never)).size).to.equal(0)
    })

    it('should leave rows that the user has changed or added as they are', async () => {
      await spec.database.query(
        'change',
        `update reference.countries set name = 'Noreg' where country_code = 'NO'`,
      )
      await spec.database.query('add', `insert into reference.countries values ('LEGO', 'Legoland', 'Toys')`)
      for (const resource of lookups.lookupResources(countries)) await resource.create()
      const found = await lookups.openLookup(countries).load(['NO', 'LEGO'], never)
      expect(found.get('NO')).to.include({ name: 'Noreg' })
      expect(found.get('LEGO')).to.deep.equal({ name: 'Legoland', currency: null })
    })

    it('should reject with the reason of a signal that aborts while the server is slow', async () => {
      const session = await spec.database.session('lock')
      const reason = new Error('too slow')
      const abort = new AbortController()
      try {
        await session.query('begin; lock table reference.countries')
        const load = lookups.openLookup(countries).load(['NO'], abort.signal)
        abort.abort(reason)
        expect(await load.catch((error: unknown) => error)).to.equal(reason)
      } finally {
        await session.query('rollback')
        session.release()
      }
    })
  })

  describe('of a table of the user’s own', () => {
    const sizes = postgresLookup<{ id: number; size: string }>('sizes', {
      key: 'id',
      columns: ['id', 'size'],
    })

    it('should be checked and never made', async () => {
      const [resource] = lookups.lookupResources(sizes)
      expect(await resource!.inspect()).to.equal('missing')
      expect((await rejectionOf(resource!.create())).message)
        .to.include('sizes')
        .and.include('size')
      await spec.database.query('create', 'create table sizes (id int primary key)')
      expect(await resource!.inspect()).to.deep.equal({ differs: 'it has no column size' })
      await spec.database.query('alter', 'alter table sizes add size text')
      expect(await resource!.inspect()).to.equal('present')
    })

    it('should find keys that are no text by their text', async () => {
      await spec.database.query('fill', `insert into sizes values (7, 'large')`)
      const found = await lookups.openLookup(sizes).load(['7', '8'], never)
      expect([...found]).to.deep.equal([['7', { id: 7, size: 'large' }]])
    })
  })

  it('should reject with UNREACHABLE, without a value, when the server is away', async () => {
    const away = postgresLookups({ databaseUrl: 'postgresql://postgres@127.0.0.1:1/none' })
    const error = await rejectionOf(away.openLookup(countries).load(['secret-key'], never))
    expect(error).to.include({ code: 'UNREACHABLE', retriable: true })
    expect(error.message).to.include('127.0.0.1:1').and.include('DATABASE_URL').and.not.include('secret-key')
    await away.close()
  })
})
