import { expect } from 'chai'
import { quoteIdentifier, quoteTable } from '../../../connectors/postgres/identifier.ts'

describe('PostgreSQL identifiers', () => {
  it('should quote plain names', () => {
    expect(quoteIdentifier('Users_2')).to.equal('"Users_2"')
    expect(quoteTable('staging.random_users')).to.equal('"staging"."random_users"')
  })

  for (const name of ['', '1st', 'a b', 'a"; drop table x; --', 'é', 'a'.repeat(49)]) {
    it(`should refuse ${JSON.stringify(name)}`, () => {
      expect(() => quoteIdentifier(name))
        .to.throw('PostgreSQL name')
        .with.property('code', 'CONFIG')
    })
  }
})
