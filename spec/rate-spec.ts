import { expect } from 'chai'
import { rate } from '../lib/rate.ts'
import { failureOf } from './contract/failure-of.ts'

describe('a rate', () => {
  for (const [said, perSecond] of [
    ['500/s', 500],
    ['30/m', 0.5],
    ['1800/h', 0.5],
    ['2.5/s', 2.5],
    ['7', 7],
    [12, 12],
    [0.5, 0.5],
  ] as const) {
    it(`should be ${perSecond} a second: ${said}`, () => {
      expect(rate(said)).to.equal(perSecond)
    })
  }

  for (const said of ['', '0/s', 0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5/d', '5 /s', 'fast']) {
    it(`should refuse: ${said}`, () => {
      const error = failureOf(() => rate(said))
      expect(error).to.include({ code: 'CONFIG' })
      expect(error.message).to.include(`"${said}" is no rate`)
    })
  }
})
