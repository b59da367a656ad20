import { expect } from 'chai'
import { contract, contractFile } from '../../lib/contract/avro.ts'
import { sensitiveFields } from '../../lib/contract/sensitive-fields.ts'
import { failureOf } from './failure-of.ts'

const withFields = (...fields: object[]) => ({ type: 'record', name: 'Thing', fields })
const define = (schema: unknown) => contract({ name: 'thing', version: 1, schema })
const refusal = (schema: unknown) => failureOf(() => define(schema))

describe('contract', () => {
  it('should refuse what is not a record', () => {
    expect(refusal('string')).to.include({ code: 'CONTRACT' })
    expect(refusal('string').message).to.contain('thing v1').and.contain('must be a record')
  })

  it('should refuse a union whose values avsc can not tell apart', () => {
    const ambiguous = withFields({ name: 'size', type: ['int', 'long'] })
    expect(refusal(ambiguous)).to.include({ code: 'CONTRACT' })
    expect(refusal(ambiguous).message).to.contain('ambiguous')
  })

  for (const name of ['__proto__', 'constructor', 'prototype']) {
    it(`should refuse a field named ${name}`, () => {
      expect(refusal(withFields(JSON.parse(`{"name": "${name}", "type": "int"}`)))).to.include({
        code: 'CONTRACT',
      })
    })
  }

  for (const name of ['password', 'salt', 'md5', 'sha1', 'SHA256']) {
    it(`should refuse a field named ${name}, however deep`, () => {
      const inner = { type: 'record', name: 'Inner', fields: [{ name, type: 'string' }] }
      const deep = withFields({
        name: 'all',
        type: { type: 'map', values: { type: 'array', items: ['null', inner] } },
      })
      expect(refusal(deep).message).to.contain(`Inner.${name} is a secret`)
    })
  }

  it('should refuse arrays whose items take no bytes', () => {
    const empty = { type: 'record', name: 'Empty', fields: [{ name: 'nothing', type: 'null' }] }
    for (const items of ['null', empty, { type: 'fixed', name: 'None', size: 0 }]) {
      const bomb = withFields({ name: 'items', type: { type: 'array', items } })
      expect(refusal(bomb).message).to.contain('no bytes')
    }
  })

  it('should accept a record that holds itself', () => {
    const node = withFields(
      { name: 'next', type: ['null', 'Thing'] },
      { name: 'all', type: { type: 'array', items: 'Thing' } },
    )
    expect(define(node).type.isValid({ next: { next: null, all: [] }, all: [] })).to.equal(true)
  })

  it('should register the same text whatever its docs, white space and order of keys', () => {
    const one = {
      type: 'record',
      name: 'Thing',
      doc: 'one',
      fields: [{ name: 'doc', type: 'string', default: 'x' }],
    }
    const two = {
      fields: [{ default: 'x', doc: 'of a field', type: 'string', name: 'doc' }],
      name: 'Thing',
      type: 'record',
    }
    expect(define(one).text).to.equal(define(two).text)
    expect(JSON.parse(define(one).text).fields).to.deep.equal([{ name: 'doc', type: 'string', default: 'x' }])
  })

  it('should tell schemas apart by what they write, not by defaults and tags', () => {
    const fingerprint = (field: object) => define(withFields({ name: 'a', ...field })).fingerprint
    expect(fingerprint({ type: 'int' })).to.equal(fingerprint({ type: 'int', default: 1, sensitive: 'pii' }))
    expect(fingerprint({ type: 'int' })).not.to.equal(fingerprint({ type: 'long' }))
  })

  it('should name the sensitive fields by path', () => {
    const person = {
      type: 'record',
      name: 'Person',
      fields: [{ name: 'email', type: 'string', sensitive: 'pii' }],
    }
    const schema = withFields(
      { name: 'one', type: ['null', person] },
      { name: 'all', type: { type: 'array', items: 'Person' } },
    )
    expect([...sensitiveFields(define(schema))]).to.deep.equal([
      ['one.email', 'pii'],
      ['all.*.email', 'pii'],
    ])
  })
})

describe('contractFile', () => {
  it('should take name and version from the file', () => {
    const file = new URL('../../schemas/user-insight.v1.avsc', import.meta.url)
    expect(contractFile(file)).to.include({ name: 'user-insight', version: 1, file })
  })

  it('should refuse a file without a version in its name', () => {
    expect(failureOf(() => contractFile(new URL('file:///tmp/thing.avsc')))).to.include({ code: 'CONTRACT' })
  })
})
