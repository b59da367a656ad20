import { expect } from 'chai'
import { time } from '../../lib/cli/options.ts'

describe('a time given to a command', () => {
  for (const [text, read] of [
    ['2026-11-22', '2026-11-22T00:00:00.000Z'],
    ['2026-11-22T18:05', '2026-11-22T18:05:00.000Z'],
    ['2026-11-22 18:05:06', '2026-11-22T18:05:06.000Z'],
    ['2026-11-22T18:05:06.789Z', '2026-11-22T18:05:06.789Z'],
    ['2026-11-22T18:05:00+05:45', '2026-11-22T12:20:00.000Z'],
    // As Airflow writes the logical date of a run by hand.
    ['2026-11-22T18:05:06.123456+00:00', '2026-11-22T18:05:06.123Z'],
  ] as const) {
    it(`should read ${text}`, () => {
      expect(time(text).toISOString()).to.equal(read)
    })
  }

  for (const text of [
    'yesterday',
    '',
    '5',
    '2026-11',
    '2026-02-31',
    '2026-13-01',
    '2026-11-22T25:00',
    '22.11.2026',
  ]) {
    it(`should refuse "${text}"`, () => {
      expect(() => time(text)).to.throw('2026-11-22T18:00:00Z')
    })
  }
})
