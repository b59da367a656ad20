import { expect } from 'chai'
import fc from 'fast-check'
import { newestPerKey, writeClock } from '../../lib/table/write-clock.ts'

describe('the write clock', () => {
  it('should be the record time in microseconds plus the generation', () => {
    expect(writeClock(1_767_268_800_123, 7)).to.equal(1_767_268_800_123_007)
  })

  it('should rank a later millisecond above any generation of an earlier one', () => {
    expect(writeClock(1001, 0)!).to.be.above(writeClock(1000, 999)!)
  })

  it('should be none without a usable record time', () => {
    for (const time of [-1, 0.5, Number.NaN, 8.64e15, 2 ** 53]) {
      expect(writeClock(time, 0), String(time)).to.equal(undefined)
    }
  })

  it('should keep the newest write of each key, the later among equals', () => {
    const write = fc.record({ id: fc.constantFrom('a', 'b', 'c'), clock: fc.integer({ min: 0, max: 3 }) })
    fc.assert(
      fc.property(fc.array(write), (writes) => {
        const expected = [...new Set(writes.map(({ id }) => id))].map((id) => {
          const own = writes.filter((one) => one.id === id)
          const largest = Math.max(...own.map(({ clock }) => clock))
          return own.findLast(({ clock }) => clock === largest)
        })
        const kept = newestPerKey(writes)
        expect(kept).to.have.length(expected.length)
        for (const one of expected) expect(kept.some((write) => write === one)).to.equal(true)
      }),
    )
  })
})
