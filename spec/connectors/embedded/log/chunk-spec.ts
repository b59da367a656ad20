import { expect } from 'chai'
import fc from 'fast-check'
import { readHead } from '../../../../connectors/embedded/log/chunk-layout.ts'
import { decodeChunk } from '../../../../connectors/embedded/log/decode-chunk.ts'
import { type ChunkRecord, encodeChunk } from '../../../../connectors/embedded/log/encode-chunk.ts'
import { MillraceError } from '../../../../lib/errors.ts'

const place = { topic: 't', partition: 3 }
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const record: fc.Arbitrary<ChunkRecord> = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  timestamp: fc.maxSafeInteger(),
  headers: fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 20 }), bytes), { maxLength: 4 }),
})

describe('chunk of the embedded log', () => {
  it('should give back any records as they were, at consecutive offsets', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 40 }),
        fc.nat({ max: 2 ** 48 }),
        (records, first) => {
          const last = first + records.length - 1
          const decoded = decodeChunk({ last, bytes: encodeChunk(records) }, place)
          expect(decoded).to.deep.equal(
            records.map((written, i) => ({ ...written, ...place, offset: first + i })),
          )
        },
      ),
    )
  })

  it('should keep offsets apart where compaction has left gaps', () => {
    const records = ['a', 'c'].map((key) => ({
      key: Buffer.from(key),
      value: null,
      timestamp: 1,
      headers: [],
    }))
    const chunk = encodeChunk(records, { span: 1000, deltas: [0, 300], deleteHorizon: 77 })
    expect(decodeChunk({ last: 5000, bytes: chunk }, place).map(({ offset }) => offset)).to.deep.equal([
      4000, 4300,
    ])
    expect(readHead(chunk)).to.include({ span: 1000, count: 2, deleteHorizon: 77 })
  })

  it('should say in its head what is in it', () => {
    const chunk = encodeChunk([
      { key: Buffer.from('ab'), value: Buffer.from('cde'), timestamp: 9, headers: [['h', Buffer.from('i')]] },
      { key: null, value: null, timestamp: 4, headers: [] },
    ])
    expect(readHead(chunk)).to.deep.equal({
      span: 1,
      count: 2,
      maxTimestamp: 9,
      deleteHorizon: 0,
      content: 7,
    })
  })

  it('should refuse one that has lost or changed a byte, without showing what is in it', () => {
    const chunk = encodeChunk([{ key: null, value: Buffer.from('secret'), timestamp: 1, headers: [] }])
    fc.assert(
      fc.property(fc.nat({ max: chunk.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(chunk)
        damaged[at]! ^= change
        for (const wrong of [damaged, chunk.subarray(0, at)]) {
          const error = thrown(() => decodeChunk({ last: 7, bytes: wrong }, place))
          expect(error).to.be.instanceOf(MillraceError).with.property('code', 'DATA_LOSS')
          expect(String(error)).to.include('t/3').and.not.include('secret')
        }
      }),
    )
  })
})

function thrown(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return undefined
}
