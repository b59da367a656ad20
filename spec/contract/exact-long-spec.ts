import avsc from 'avsc'
import { expect } from 'chai'
import fc from 'fast-check'
import { parseAvro } from '../../lib/contract/guarded-types.ts'

const long = parseAvro('long', 'never')
const int = parseAvro('int', 'never')

/** Avro's specification, in BigInt. */
function zigzag(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value >= 0n ? value << 1n : (-value << 1n) - 1n
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

const EDGES = [0, 2 ** 30, 2 ** 31, 2 ** 51, 2 ** 52, Number.MAX_SAFE_INTEGER].flatMap((n) => [
  n - 1,
  n,
  1 - n,
  -n,
])

describe('long', () => {
  it('should be written and read exactly at every edge', () => {
    for (const value of EDGES) {
      expect(long.toBuffer(value), String(value)).to.deep.equal(zigzag(BigInt(value)))
      expect(long.fromBuffer(zigzag(BigInt(value)))).to.equal(value)
    }
  })

  it('should be written and read exactly everywhere', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(long.fromBuffer(long.toBuffer(value))).to.equal(value)
        expect(long.toBuffer(value)).to.deep.equal(zigzag(BigInt(value)))
      }),
    )
  })

  it('should need the repair: avsc alone turns -(2^52) - 1 into 2^52', () => {
    const stock = avsc.Type.forSchema('long')
    expect(stock.fromBuffer(zigzag(-(2n ** 52n) - 1n))).to.equal(2 ** 52)
  })

  it('should throw beyond 2^53, either way', () => {
    for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)]) {
      expect(() => long.fromBuffer(zigzag(value)), String(value)).to.throw('2^53')
    }
  })

  it('should throw for a number that never ends', () => {
    expect(() => long.fromBuffer(Buffer.alloc(1000, 0xff))).to.throw('more than ten bytes')
  })
})

describe('int', () => {
  it('should throw for more than 32 bits', () => {
    expect(int.fromBuffer(zigzag(-(2n ** 31n)))).to.equal(-(2 ** 31))
    expect(() => int.fromBuffer(zigzag(2n ** 31n))).to.throw('32 bits')
  })
})
