import { expect } from 'chai'
import { postgres } from '../../../../connectors/postgres/index.ts'
import { upsertStatement } from '../../../../connectors/postgres/sink/statements.ts'
import { storedTable } from '../../../../connectors/postgres/sink/stored-table.ts'
import { failureOf } from '../../../contract/failure-of.ts'

describe('a PostgreSQL table as a target', () => {
  it('should be plain frozen data', () => {
    const users = postgres('users', { columns: { id: 'uuid', born: 'date' }, primaryKey: ['id'] })
    expect(Object.isFrozen(users)).to.equal(true)
    expect(JSON.parse(JSON.stringify(users))).to.deep.equal({
      connector: 'postgres',
      name: 'users',
      columns: { id: 'uuid', born: 'date' },
      key: ['id'],
      indexes: [],
      absent: 'null',
    })
  })

  it('should be written by one statement, whatever the number of rows', () => {
    const users = postgres('users', { columns: { id: 'uuid', size: 'int' }, primaryKey: ['id'] })
    expect(upsertStatement(storedTable(users, 'insights')).replaceAll(/\s+/g, ' ')).to.equal(
      'insert into "insights"."users" as stored ("id", "size", write_clock, deleted) ' +
        'select given."id", given."size", given.write_clock, given.deleted ' +
        'from unnest($1::uuid[], $2::integer[], $3::bigint[], $4::boolean[]) ' +
        'as given ("id", "size", write_clock, deleted) ' +
        'on conflict ("id") do update set "size" = excluded."size", ' +
        'write_clock = excluded.write_clock, deleted = excluded.deleted ' +
        'where excluded.write_clock >= stored.write_clock',
    )
  })

  it('should refuse a column named as one of its own', () => {
    const options = { columns: { id: 'int', deleted: 'boolean' }, primaryKey: ['id'] } as const
    expect(failureOf(() => postgres('users', options))).to.include({ code: 'CONFIG' })
  })

  it('should refuse what is no plain name', () => {
    const options = { columns: { id: 'int' }, primaryKey: ['id'] } as const
    for (const name of ['users; drop', 'a.b.c', '', 'a.', 'x'.repeat(49)]) {
      expect(
        failureOf(() => postgres(name, options)),
        name,
      ).to.include({ code: 'CONFIG' })
    }
  })
})
