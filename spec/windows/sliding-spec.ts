import { expect } from 'chai'
import fc from 'fast-check'
import { closingSlidingWindows, sliding } from '../../lib/windows/sliding.ts'

describe('sliding', () => {
  it('should say its difference and grace in milliseconds', () => {
    expect(sliding('1m', { grace: '2s' })).to.deep.equal({ kind: 'sliding', difference: 60_000, grace: 2000 })
    expect(sliding(10).grace).to.equal(0)
  })

  it('should close a window behind the last millisecond that is in it', () => {
    expect(closingSlidingWindows(sliding(10), -1, 10)).to.equal(undefined)
    expect(closingSlidingWindows(sliding(10), -1, 11)).to.deep.equal({ first: 0, last: 0 })
    expect(closingSlidingWindows(sliding(10), 11, 11)).to.equal(undefined)
    expect(closingSlidingWindows(sliding(10), 11, 13)).to.deep.equal({ first: 1, last: 2 })
  })

  it('should close each window once, found one by one', () => {
    const times = fc.array(fc.integer({ min: -5, max: 100 }), { maxLength: 10 })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), times, (difference, said) => {
        const ascending = said.sort((a, b) => a - b)
        let before = -1
        const closed: number[] = []
        for (const at of ascending) {
          const starts = closingSlidingWindows(sliding(difference), before, at)
          if (starts === undefined) continue
          before = at
          for (let start = starts.first; start <= starts.last; start++) closed.push(start)
        }
        const expected = Array.from({ length: 200 }, (_, start) => start).filter(
          (start) => start + difference < (ascending.at(-1) ?? 0),
        )
        expect(closed).to.deep.equal(expected)
      }),
    )
  })
})
