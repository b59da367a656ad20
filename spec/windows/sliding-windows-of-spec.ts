import { expect } from 'chai'
import fc from 'fast-check'
import {
  earlyWindows,
  type Held,
  slidingWindowsOf,
  type Touched,
} from '../../lib/windows/sliding-windows-of.ts'

/** A window and the times of the records in it, in order of arrival. */
interface Window extends Held {
  readonly times: readonly number[]
}

/** The windows of one key, kept as an aggregation keeps them. */
class Windows {
  readonly #difference: number
  readonly #held = new Map<number, Window>()

  constructor(difference: number) {
    this.#difference = difference
  }

  add(time: number): Touched<Window>[] {
    const early = time < this.#difference
    const from = early ? 0 : time - 2 * this.#difference
    const near = [...this.#held.values()]
      .filter(({ start }) => start >= from && start <= time + 1)
      .sort((a, b) => a.start - b.start)
    const touched = early
      ? earlyWindows(near, time)
      : slidingWindowsOf(near.reverse(), this.#difference, time)
    for (const { start, from, adds } of touched) {
      const times = [...(from?.times ?? []), ...(adds ? [time] : [])]
      this.#held.set(start, { start, times, timestamp: Math.max(...times) })
    }
    return touched
  }

  /** Each window's times, ascending, by start. */
  get contents(): (readonly [start: number, times: number[]])[] {
    return [...this.#held.values()]
      .map(({ start, times }) => [start, times.toSorted((a, b) => a - b)] as const)
      .sort(([a], [b]) => a - b)
  }
}

function touched(difference: number, ...times: readonly number[]) {
  const windows = new Windows(difference)
  return times.map((time) =>
    windows.add(time).map(({ start, from, adds }) => {
      return `${start}: ${[...(from?.times ?? []), ...(adds ? ['+'] : [])].join(' ')}`
    }),
  )
}

/** What there must be in the end: windows that end at a record, and windows behind one that have something in them. */
function expected(difference: number, times: readonly number[]) {
  const starts = new Set(times.map((time) => Math.max(0, time - difference)))
  for (const time of times) starts.add(time + 1)
  const within = (start: number) =>
    times.filter((time) => time >= start && time <= start + difference).sort((a, b) => a - b)
  return [...starts]
    .sort((a, b) => a - b)
    .map((start) => [start, within(start)] as const)
    .filter(([, held]) => held.length > 0)
}

describe('the windows that a record slides into', () => {
  it('should be, for the first record, the one that ends at it', () => {
    expect(touched(10, 100)).to.deep.equal([['90: +']])
  })

  it('should be the one behind its predecessor, then its own, which begins from what is before it', () => {
    expect(touched(10, 100, 104)[1]).to.deep.equal(['101: +', '94: 100 +'])
  })

  it('should be its own alone where the predecessor is too far away', () => {
    expect(touched(10, 100, 112)[1]).to.deep.equal(['102: +'])
  })

  it('should be, for a late one, those it is in, its own, and one behind it without it', () => {
    expect(touched(10, 100, 95)[1]).to.deep.equal(['90: 100 +', '85: +', '96: 100'])
  })

  it('should be no new ones at a time that has had a record', () => {
    expect(touched(10, 100, 104, 104)[2]).to.deep.equal(['101: 104 +', '94: 100 104 +'])
  })

  it('should be the same one twice, a millisecond behind the difference, if the predecessor is come across', () => {
    expect(touched(10, 100, 111)[1]).to.deep.equal(['101: +'])
    expect(touched(10, 95, 100, 111)[2]).to.deep.equal(['101: +', '101: +'])
  })

  it('should be one for all before the difference', () => {
    expect(touched(10, 4, 7, 0)).to.deep.equal([['0: +'], ['5: +', '0: 4 +'], ['1: 4 7', '0: 4 7 +']])
  })

  it('should hold, for any records in any order, what is found one by one', () => {
    const difference = fc.integer({ min: 0, max: 12 })
    const times = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 25 })
    fc.assert(
      fc.property(difference, times, (apart, said) => {
        const windows = new Windows(apart)
        for (const time of said) windows.add(time)
        expect(windows.contents).to.deep.equal(expected(apart, said))
      }),
      { numRuns: 500 },
    )
  })
})
