import { expect } from 'chai'
import { keyHash } from '../../lib/state/key-hash.ts'

const N = 50_000
const hash = (bytes: Buffer) => keyHash(bytes, 0, bytes.length)

/** What keys look like. */
const PATTERNS: Readonly<Record<string, (i: number) => Buffer>> = {
  'numbers in a row': (i) => Buffer.from(String(i)),
  'padded numbers behind a common prefix': (i) => Buffer.from(`customer-${String(i).padStart(12, '0')}`),
  'big-endian numbers': (i) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64BE(BigInt(i))
    return bytes
  },
  'one key in windows of a minute': (i) => {
    const bytes = Buffer.alloc(16, 'user-7')
    bytes.writeBigInt64BE(1_790_000_000_000n + 60_000n * BigInt(i), 8)
    return bytes
  },
  'zeros of every length': (i) => Buffer.alloc(i % 1000),
}

describe('the hash of keys', () => {
  it('should be MurmurHash3', () => {
    const known: [string, number][] = [
      ['', 0],
      ['a', 0x3c2569b2],
      ['abc', 0xb3dd93fa],
      ['test', 0xba6bd213],
      ['Hello, world!', 0xc0363e43],
    ]
    for (const [text, expected] of known) expect(hash(Buffer.from(text)) >>> 0, text).to.equal(expected)
  })

  it('should be that of the bytes given, wherever they lie', () => {
    expect(keyHash(Buffer.from('..abcdef..'), 2, 8)).to.equal(hash(Buffer.from('abcdef')))
  })

  for (const [name, keyOf] of Object.entries(PATTERNS)) {
    it(`should spread ${name}`, () => {
      const keys = new Map(Array.from({ length: N }, (_, i) => [keyOf(i).toString('latin1'), keyOf(i)]))
      const slots = 2 ** Math.ceil(Math.log2(keys.size))
      const used = new Set(Array.from(keys.values(), (key) => hash(key) & (slots - 1))).size
      const expected = slots * (1 - Math.exp(-keys.size / slots))
      expect(used).to.be.within(0.95 * expected, 1.05 * expected)
    })
  }
})
