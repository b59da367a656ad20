import { expect } from 'chai'
import { peekSchemaId, schemaIdOf, writeHeader } from '../../lib/contract/wire.ts'
import { failureOf } from './failure-of.ts'

describe('wire format', () => {
  it('should write what it reads', () => {
    const bytes = Buffer.alloc(5)
    writeHeader(bytes, 0x01020304)
    expect([...bytes]).to.deep.equal([0, 1, 2, 3, 4])
    expect(schemaIdOf(bytes)).to.equal(0x01020304)
    expect(peekSchemaId(bytes)).to.equal(0x01020304)
  })

  for (const length of [0, 1, 2, 3, 4]) {
    it(`should call ${length} bytes poison`, () => {
      expect(failureOf(() => schemaIdOf(Buffer.alloc(length)))).to.include({
        code: 'POISON',
        retriable: false,
      })
      expect(peekSchemaId(Buffer.alloc(length))).to.equal(undefined)
    })
  }

  it('should call another magic byte poison, without showing what came', () => {
    const json = Buffer.from('{"email":"canary@example.com"}')
    const error = failureOf(() => schemaIdOf(json))
    expect(error).to.include({ code: 'POISON' })
    expect(error.message).to.contain('magic').and.not.contain('canary').and.not.contain('123')
    expect(peekSchemaId(json)).to.equal(undefined)
  })
})
