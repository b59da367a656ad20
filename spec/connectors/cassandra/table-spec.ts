import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { cassandra } from '../../../connectors/cassandra/index.ts'
import {
  createTableStatement,
  deleteStatement,
  insertStatement,
} from '../../../connectors/cassandra/statements.ts'
import { failureOf } from '../../contract/failure-of.ts'

const users = cassandra('users', {
  columns: { country: 'text', id: 'uuid', born: 'date' },
  primaryKey: { partition: ['country'], clustering: ['id'] },
})

describe('a Cassandra table as a target', () => {
  it('should be plain frozen data', () => {
    expect(Object.isFrozen(users)).to.equal(true)
    expect(JSON.parse(JSON.stringify(users))).to.deep.equal({
      connector: 'cassandra',
      name: 'users',
      columns: { country: 'text', id: 'uuid', born: 'date' },
      primaryKey: { partition: ['country'], clustering: ['id'] },
      key: ['country', 'id'],
      indexes: [],
      absent: 'null',
    })
  })

  for (const [index, client] of [
    ['cassandra', 'cassandra-driver'],
    ['postgres', 'pg'],
  ]) {
    it(`should load no client when a topology file imports millrace/${index}`, () => {
      const file = fileURLToPath(new URL(`../../../connectors/${index}/index.ts`, import.meta.url))
      const program = `
        import { createRequire } from 'node:module'
        await import(${JSON.stringify(file)})
        console.log(Object.keys(createRequire(${JSON.stringify(file)}).cache).join())`
      const loaded = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
        encoding: 'utf8',
      })
      expect(loaded).to.not.include(`node_modules/${client}/`)
    })
  }

  it('should refuse what is no plain name', () => {
    const options = { columns: { id: 'text' }, primaryKey: { partition: ['id'] } } as const
    expect(failureOf(() => cassandra('users; DROP', options))).to.include({ code: 'CONFIG' })
    const columns = { id: 'text', '"': 'text' } as const
    expect(failureOf(() => cassandra('users', { ...options, columns }))).to.include({ code: 'CONFIG' })
  })

  it('should refuse a column twice in the primary key', () => {
    const primaryKey = { partition: ['id'], clustering: ['id'] } as const
    expect(failureOf(() => cassandra('users', { columns: { id: 'text' }, primaryKey }))).to.include({
      code: 'CONFIG',
    })
  })

  it('should be created with its primary key', () => {
    expect(createTableStatement('insights', users)).to.equal(
      'CREATE TABLE IF NOT EXISTS "insights"."users" ("country" text, "id" uuid, "born" date, ' +
        'PRIMARY KEY (("country"), "id"))',
    )
  })

  it('should be written and deleted from under a clock of ours', () => {
    expect(insertStatement('insights', users)).to.equal(
      'INSERT INTO "insights"."users" ("country", "id", "born") VALUES (?, ?, ?) USING TIMESTAMP ?',
    )
    expect(deleteStatement('insights', users)).to.equal(
      'DELETE FROM "insights"."users" USING TIMESTAMP ? WHERE "country" = ? AND "id" = ?',
    )
  })
})
