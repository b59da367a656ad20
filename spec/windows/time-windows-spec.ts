import { expect } from 'chai'
import fc from 'fast-check'
import { hopping } from '../../lib/windows/hopping.ts'
import { closingTimeWindows, startsFor, type TimeWindows } from '../../lib/windows/time-windows.ts'
import { tumbling } from '../../lib/windows/tumbling.ts'
import { failureOf } from '../contract/failure-of.ts'

/** Every window that begins at or before `last`, one by one. */
function allStarts({ advance }: TimeWindows, last: number): number[] {
  return Array.from({ length: Math.floor(last / advance) + 1 }, (_, index) => index * advance)
}

const windows = fc
  .record({ size: fc.integer({ min: 1, max: 40 }), part: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ size, part }) => hopping(size, 1 + Math.floor(part * (size - 1))))
const time = fc.integer({ min: 0, max: 300 })

describe('tumbling', () => {
  it('should put every time into one window, the start included, the end not', () => {
    const minutes = tumbling('1m')
    expect([0, 59_999, 60_000].map((at) => startsFor(minutes, at))).to.deep.equal([[0], [0], [60_000]])
    expect(startsFor(minutes, 1_700_000_000_000)).to.deep.equal([1_699_999_980_000])
  })

  it('should have no grace unless one is said', () => {
    expect([tumbling(10).grace, tumbling(10, { grace: '2s' }).grace]).to.deep.equal([0, 2000])
  })

  it('should refuse windows without a size', () => {
    expect(failureOf(() => tumbling(0))).to.match(/a window's size must be at least 1ms, not 0ms/)
  })
})

describe('hopping', () => {
  it('should put a time into windows that begin one advance apart, ascending', () => {
    expect(startsFor(hopping(10, 5), 12)).to.deep.equal([5, 10])
    expect(startsFor(hopping(10, 3), 12)).to.deep.equal([3, 6, 9, 12])
  })

  it('should begin no window before 1970', () => {
    expect(startsFor(hopping(10, 3), 2)).to.deep.equal([0])
    expect(startsFor(hopping(10, 3), 3)).to.deep.equal([0, 3])
  })

  it('should refuse windows that would leave times out, or never move', () => {
    const expected = /advance must be between 1ms and its size of 10ms/
    expect(failureOf(() => hopping(10, 11))).to.match(expected)
    expect(failureOf(() => hopping(10, 0))).to.match(expected)
  })
})

describe('time windows', () => {
  it('should be those that hold the time, found one by one', () => {
    fc.assert(
      fc.property(windows, time, (said, at) => {
        const holding = allStarts(said, at).filter((start) => at < start + said.size)
        expect(startsFor(said, at)).to.deep.equal(holding)
      }),
    )
  })

  it('should close when time passes their end, each once, found one by one', () => {
    const steps = fc.array(time, { maxLength: 10 }).map((times) => times.sort((a, b) => a - b))
    fc.assert(
      fc.property(windows, steps, (said, times) => {
        let before = -1
        const closed: number[] = []
        for (const at of times) {
          const starts = closingTimeWindows(said, before, at)
          if (starts === undefined) continue
          before = at
          const own = allStarts(said, 400).filter((start) => start >= starts.first && start <= starts.last)
          expect(own, 'told of nothing').to.not.deep.equal([])
          closed.push(...own)
        }
        const last = times.at(-1) ?? -1
        expect(closed).to.deep.equal(allStarts(said, 400).filter((start) => start + said.size <= last))
      }),
    )
  })
})
