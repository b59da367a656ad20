import { expect } from 'chai'
import { windowedKey } from '../../lib/contract/windowed-key.ts'
import { failureOf } from './failure-of.ts'

const { encode, decode } = windowedKey()
/** As SessionWindowedSerializer writes them. */
const bytesOf = (key: string, start: number, end: number) => {
  const times = Buffer.alloc(16)
  times.writeBigInt64BE(BigInt(end))
  times.writeBigInt64BE(BigInt(start), 8)
  return Buffer.concat([Buffer.from(key), times])
}
const TIMES = [0, 1, -1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 32), -(2 ** 32) - 1, 1_763_600_000_123]

describe('windowedKey', () => {
  for (const time of [...TIMES, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
    it(`should write ${time} as an int64, and read it`, () => {
      expect(encode({ key: 'DE', start: time, end: 0 })).to.deep.equal(bytesOf('DE', time, 0))
      expect(decode(bytesOf('DE', -5, time))).to.deep.equal({ key: 'DE', start: -5, end: time })
    })
  }

  it('should refuse what is too short for two times', () => {
    expect(failureOf(() => decode(Buffer.alloc(15)))).to.include({ code: 'POISON' })
  })
})
