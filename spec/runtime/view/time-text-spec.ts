import { expect } from 'chai'
import { timeOf } from '../../../lib/runtime/view/time-text.ts'
import { failureOf } from '../../contract/failure-of.ts'

describe('a time as a URL has it', () => {
  for (const [text, time] of [
    ['0', 0],
    ['1763812800000', 1_763_812_800_000],
    ['1970-01-01T00:00:01Z', 1000],
    ['1970-01-01T01:00:00+01:00', 0],
    // What `+` in a query comes to.
    ['1970-01-01T01:00:00 01:00', 0],
    ['1970-01-02', 86_400_000],
  ] as const) {
    it(`should read ${text}`, () => {
      expect(timeOf(text)).to.equal(time)
    })
  }

  for (const text of ['', 'yesterday', '-1', '1.5', '99999999999999999', '2026-02-31']) {
    it(`should refuse "${text}"`, () => {
      expect(failureOf(() => timeOf(text)).message).to.match(/^give times as/)
    })
  }
})
