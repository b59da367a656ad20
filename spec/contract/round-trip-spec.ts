import { expect } from 'chai'
import fc from 'fast-check'
import { contract } from '../../lib/contract/avro.ts'
import { decodeBody, encodeValue } from '../../lib/contract/avro-bytes.ts'
import { json, stringKey } from '../../lib/contract/serde.ts'
import { MillraceError } from '../../lib/errors.ts'
import { failureOf } from './failure-of.ts'

const everything = contract<Record<string, unknown>>({
  name: 'everything',
  version: 1,
  schema: {
    type: 'record',
    name: 'Everything',
    fields: [
      { name: 'text', type: 'string' },
      { name: 'whole', type: 'int' },
      { name: 'long', type: { type: 'long', logicalType: 'timestamp-millis' } },
      { name: 'real', type: 'double' },
      { name: 'flag', type: 'boolean' },
      { name: 'raw', type: 'bytes' },
      { name: 'either', type: ['null', 'long', 'string'], default: null },
      { name: 'list', type: { type: 'array', items: ['null', 'string'] } },
      { name: 'map', type: { type: 'map', values: { type: 'array', items: 'long' } } },
      { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['one', 'two'] } },
      {
        name: 'inner',
        type: ['null', { type: 'record', name: 'Inner', fields: [{ name: 'a', type: 'string' }] }],
      },
    ],
  },
})

const text = fc.string({ unit: 'grapheme' })
const mapKey = text.filter((key) => key !== '__proto__')
const values = fc.record({
  text,
  whole: fc.integer(),
  long: fc.maxSafeInteger(),
  real: fc.double(),
  flag: fc.boolean(),
  raw: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  either: fc.oneof(fc.constant(null), fc.maxSafeInteger(), text),
  list: fc.array(fc.option(text)),
  map: fc.dictionary(mapKey, fc.array(fc.maxSafeInteger()), { noNullPrototype: true }),
  kind: fc.constantFrom('one', 'two'),
  inner: fc.option(fc.record({ a: text })),
})

const FIELDS = ['text', 'whole', 'long', 'real', 'flag', 'raw', 'either', 'list', 'map', 'kind', 'inner']

describe('round trip', () => {
  it('should give back every value that fits the contract', () => {
    fc.assert(
      fc.property(values, fc.nat({ max: 2 ** 31 - 1 }), (value, schemaId) => {
        const bytes = encodeValue(everything, schemaId, value)
        expect(bytes.readInt32BE(1)).to.equal(schemaId)
        expect(decodeBody(everything, schemaId, undefined, bytes)).to.deep.equal(value)
      }),
    )
  })

  it('should end in a value or in poison, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
        const bytes = Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), body])
        try {
          decodeBody(everything, 1, undefined, bytes)
        } catch (error) {
          expect(error).to.be.instanceOf(MillraceError).and.include({ code: 'POISON' })
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('should call every cut of a value truncated', () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, cut) => {
        const bytes = encodeValue(everything, 1, value)
        const shorter = bytes.subarray(0, 5 + (cut % (bytes.length - 5)))
        expect(failureOf(() => decodeBody(everything, 1, undefined, shorter))).to.include({ code: 'POISON' })
      }),
    )
  })

  it('should never show the value in an error', () => {
    const canary = 'canary@example.com'
    const wrong = fc.constantFrom<unknown>(
      canary,
      { canary },
      [canary],
      { [canary]: canary },
      Buffer.from(canary),
    )
    fc.assert(
      fc.property(values, fc.constantFrom(...FIELDS), wrong, (value, field, other) => {
        try {
          encodeValue(everything, 1, { ...value, text: canary, [field]: other })
        } catch (error) {
          const { message, cause } = error as MillraceError
          expect(error).to.be.instanceOf(MillraceError).and.include({ code: 'REJECTED' })
          expect(message).to.contain(field).and.not.contain(canary)
          expect(cause).to.equal(undefined)
        }
      }),
    )
  })

  it('should keep text keys and JSON', () => {
    fc.assert(
      fc.property(text, fc.jsonValue(), (key, value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value))
        expect(stringKey.decode(stringKey.encode(key))).to.equal(key)
        expect(json().decode(json().encode(plain))).to.deep.equal(plain)
      }),
    )
  })
})
