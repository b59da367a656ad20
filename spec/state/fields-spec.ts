import { expect } from 'chai'
import fc from 'fast-check'
import type { Headers, RawRecord } from '../../lib/record.ts'
import { FieldReader, FieldWriter } from '../../lib/state/fields.ts'

const bytes = fc.option(fc.uint8Array({ maxLength: 3000 }).map((array) => Buffer.from(array)))
// Kafka's headers may have no value.
const headers = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), bytes)) as fc.Arbitrary<unknown>
const record = fc.record({
  topic: fc.string({ unit: 'grapheme' }),
  partition: fc.nat(),
  offset: fc.maxSafeNat(),
  timestamp: fc.maxSafeNat(),
  key: bytes,
  value: bytes,
  headers,
}) as fc.Arbitrary<RawRecord>

describe('fields', () => {
  const writer = new FieldWriter()

  it('should be read as they were written', () => {
    fc.assert(
      fc.property(
        record,
        bytes,
        fc.double(),
        fc.option(headers, { nil: undefined }),
        (raw, some, number, own) => {
          writer.number(number)
          writer.bytes(some)
          writer.headers(own as Headers | undefined)
          writer.record(raw)
          const reader = new FieldReader(writer.take())
          expect(reader.number()).to.deep.equal(number)
          expect([reader.bytes(), reader.headers(), reader.record()]).to.deep.equal([some, own, raw])
        },
      ),
    )
  })

  it('should not be changed by what is written later', () => {
    writer.text('one')
    const taken = writer.take()
    writer.text('two')
    expect(new FieldReader(taken).text()).to.equal('one')
    expect(new FieldReader(writer.take()).text()).to.equal('two')
  })
})
