import { createServer } from 'node:net'
import { expect } from 'chai'
import { openDatabase } from '../../../connectors/postgres/connection.ts'
import type { MillraceError } from '../../../lib/errors.ts'
import { createSpecDatabase, type SpecDatabase } from '../../support/spec-database.ts'

describe('PostgreSQL connection', () => {
  let spec: SpecDatabase

  before(async () => {
    spec = await createSpecDatabase()
    await spec.database.query('create', 'create table names (name text primary key, age int)')
  })
  after(() => spec?.drop())

  async function failureOf(url: string, statement = 'select 1'): Promise<MillraceError> {
    const database = openDatabase(url)
    try {
      await database.query('try it', statement)
    } catch (error) {
      return error as MillraceError
    } finally {
      await database.close()
    }
    throw new Error('it did not fail')
  }

  it('should commit what resolves and roll back what rejects', async () => {
    const { database } = spec
    await database.transaction('add', (connection) => connection.query(`insert into names values ('kept')`))
    const failed = await database
      .transaction('add', async (connection) => {
        await connection.query(`insert into names values ('lost')`)
        throw new Error('no')
      })
      .catch((error: MillraceError) => error)

    expect(failed).to.include({ code: 'INTERNAL' })
    expect(await database.query('read', 'select name from names')).to.deep.equal([{ name: 'kept' }])
  })

  it('should tell no value: neither those of a message nor those of its detail', async () => {
    const unique = await failureOf(spec.url, `insert into names values ('kept')`)
    expect(unique).to.include({ code: 'WRITE', retriable: false })
    expect(unique.message).to.include('23505').and.include('names_pkey').and.not.include('kept')

    const cast = await failureOf(spec.url, `select 'secret'::int`)
    expect(cast.message).to.include('22P02').and.not.include('secret')
    expect(cast.cause).to.equal(undefined)
  })

  it('should name what is missing and the cure', async () => {
    const error = await failureOf(spec.url, 'select * from nowhere')

    expect(error.code).to.equal('MISSING')
    expect(error.message).to.include('nowhere').and.include('millrace apply')
  })

  it('should name a server that does not answer, without the password', async () => {
    const error = await failureOf('postgresql://me:pa55@127.0.0.1:1/db')

    expect(error).to.include({ code: 'UNREACHABLE', retriable: true })
    expect(error.message).to.include('127.0.0.1:1/db').and.include('DATABASE_URL').and.not.include('pa55')
  })

  it('should take a server that hangs up for one that is away', async () => {
    const server = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }

    const error = await failureOf(`postgresql://me@127.0.0.1:${port}/db`)
    server.close()

    expect(error.code).to.equal('UNREACHABLE')
  })

  it('should take a wrong database, or encryption the server lacks, for a wrong DATABASE_URL', async () => {
    const nowhere = new URL(spec.url)
    nowhere.pathname = '/nowhere'
    expect(await failureOf(nowhere.href)).to.include({ code: 'CONFIG' })
    expect(await failureOf(`${spec.url}?sslmode=verify-full`)).to.include({ code: 'CONFIG' })
  })

  it('should refuse what is no PostgreSQL URL, without repeating it', () => {
    expect(() => openDatabase('mysql://me:pa55@host/db'))
      .to.throw(/^DATABASE_URL is not of the form/)
      .with.property('code', 'CONFIG')
  })

  it('should survive the loss of its connections', async () => {
    const database = openDatabase(spec.url, { name: 'to be ended' })
    const session = await database.session('hold one')
    await spec.database.query(
      'end it',
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'to be ended'`,
    )
    const lost = await session.query('select 1').catch((error: Error) => error)
    session.release(true)

    expect(lost).to.be.instanceOf(Error)
    expect(await database.query('go on', 'select 1 as one')).to.deep.equal([{ one: 1 }])
    await database.close()
  })
})
