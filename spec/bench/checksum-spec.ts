import { expect } from 'chai'
import fc from 'fast-check'
import { Checksum } from '../../bench/race/checksum.ts'

const rows = fc.array(fc.tuple(fc.string(), fc.string()), { minLength: 1 })

describe('the checksum of rows', () => {
  it('should be the same in any order', () => {
    fc.assert(
      fc.property(rows, (some) => {
        expect(of(some.toReversed())).to.equal(of(some))
      }),
    )
  })

  it('should be another one for a row that comes twice, is missing, or has bytes moved from key to value', () => {
    expect(of([...SOME, SOME[0]!])).not.to.equal(of(SOME))
    expect(of(SOME.slice(1))).not.to.equal(of(SOME))
    expect(of([['a', 'bc']])).not.to.equal(of([['ab', 'c']]))
  })

  it('should begin with the number of rows', () => {
    expect(of([])).to.equal('0 rows 0000000000000000')
    expect(of(SOME)).to.match(/^2 rows [0-9a-f]{16}$/)
  })
})

const SOME: readonly (readonly [string, string])[] = [
  ['a', 'one'],
  ['b', 'two'],
]

function of(some: readonly (readonly [string, string])[]): string {
  const checksum = new Checksum()
  for (const [key, value] of some) checksum.add(Buffer.from(key), Buffer.from(value))
  return checksum.text
}
