import { expect } from 'chai'
import fc from 'fast-check'
import { bytesKey, stringKey } from '../../lib/contract/serde.ts'
import { KeyCodec } from '../../lib/state/key-codec.ts'
import { readTime, readWord, TIME_BYTES, timeCode, word } from '../../lib/state/time-code.ts'

const codec = new KeyCodec<Buffer>(bytesKey)
/** With many zeros, which end a key. */
const key = fc
  .array(fc.oneof(fc.constantFrom(0, 1, 254, 255), fc.integer({ min: 0, max: 255 })), { maxLength: 6 })
  .map((bytes) => Buffer.from(bytes))
const time = fc.oneof(
  fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
)

const sign = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

describe('keys as strings of bytes', () => {
  it('should be one char a byte, and be read back', () => {
    expect(codec.encode(Buffer.from('aü'))).to.equal('a\xc3\xbc')
    fc.assert(
      fc.property(key, (bytes) => {
        expect(codec.decode(codec.encode(bytes)).equals(bytes)).to.equal(true)
      }),
    )
  })

  it('should be the same for a text as for its bytes', () => {
    const texts = new KeyCodec(stringKey)
    const text = fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'grapheme' }))
    fc.assert(
      fc.property(text, (said) => {
        expect(texts.encode(said)).to.equal(codec.encode(Buffer.from(said)))
        expect(texts.decode(texts.encode(said))).to.equal(said)
      }),
    )
    expect(() => texts.encode(7 as never)).to.throw('key: expected string, got number')
  })

  it('should sort as bytes do, ended or not', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const order = Buffer.compare(a, b)
        expect(sign(codec.encode(a), codec.encode(b))).to.equal(order)
        expect(sign(codec.encodePrefix(a), codec.encodePrefix(b))).to.equal(order)
      }),
    )
  })

  it('should, ended, be the beginning of no other, and be told from what follows', () => {
    fc.assert(
      fc.property(key, key, fc.string({ unit: 'binary-ascii' }), (a, b, rest) => {
        const [one, other] = [codec.encodePrefix(a), codec.encodePrefix(b)]
        expect(other.startsWith(one)).to.equal(a.equals(b))
        const read = codec.decodePrefix(one + rest)
        expect(read.key.equals(a)).to.equal(true)
        expect(read.rest).to.equal(rest)
      }),
    )
  })

  it('should sort by key before what follows it', () => {
    fc.assert(
      fc.property(key, key, time, time, (a, b, early, late) => {
        const order = sign(codec.encodePrefix(a) + timeCode(early), codec.encodePrefix(b) + timeCode(late))
        expect(order).to.equal(Buffer.compare(a, b) || Math.sign(early - late))
      }),
    )
  })
})

describe('times as strings of bytes', () => {
  it('should be eight bytes, big-endian', () => {
    expect(timeCode(0)).to.equal('\0'.repeat(TIME_BYTES))
    expect(timeCode(2 ** 32 + 258)).to.equal('\0\0\0\x01\0\0\x01\x02')
    expect(word(0xfffefdfc)).to.equal('\xff\xfe\xfd\xfc')
  })

  it('should be read back, from anywhere', () => {
    fc.assert(
      fc.property(time, fc.nat({ max: 9 }), (said, at) => {
        expect(readTime(`${'x'.repeat(at)}${timeCode(said)}x`, at)).to.equal(said)
        expect(readWord(`${'x'.repeat(at)}${word(said % 2 ** 32)}x`, at)).to.equal(said % 2 ** 32)
      }),
    )
  })

  it('should sort as times do', () => {
    fc.assert(
      fc.property(time, time, (a, b) => {
        expect(sign(timeCode(a), timeCode(b))).to.equal(Math.sign(a - b))
      }),
    )
  })
})
