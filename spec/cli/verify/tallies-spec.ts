import { expect } from 'chai'
import { compareTallies, keyOf, type Tallies, type Tally } from '../../../lib/cli/verify/tallies.ts'

const MINUTE = 60_000
const first = keyOf('NO', 0)
const second = keyOf('NO', MINUTE)

const tally = (said: Record<string, number>): Tally => new Map(Object.entries(said))

const compared = (said: Partial<Tallies>, time = 0) =>
  compareTallies({
    should: { tally: tally({ [first]: 3, [second]: 2 }), time: () => time },
    newer: { tally: tally({}), time: () => 0 },
    counted: tally({}),
    late: tally({}),
    settled: false,
    ...said,
  })

describe('counts by country and minute, verified', () => {
  it('should be equal with those that came late', () => {
    const counted = tally({ [first]: 2, [second]: 2 })
    const late = tally({ [first]: 1 })
    expect(compared({ counted, late, settled: true })).to.deep.equal({ findings: [], open: 0 })
  })

  it('should be missing behind end and grace, and only open before it', () => {
    expect(compared({}, MINUTE + 29_999)).to.deep.equal({ findings: [], open: 5 })
    const { findings, open } = compared({}, MINUTE + 30_000)
    expect(findings).to.deep.equal([{ hop: 'users.counts', key: first, kind: 'missing' }])
    expect(open).to.equal(2)
  })

  it('should be missing wherever they are less once the pipeline has settled', () => {
    const { findings } = compared({ counted: tally({ [first]: 3, [second]: 1 }), settled: true })
    expect(findings).to.deep.equal([{ hop: 'users.counts', key: second, kind: 'missing' }])
  })

  it('should be too many beyond what has come since, or where nothing was fetched', () => {
    const counted = tally({ [first]: 4, [second]: 3, [keyOf('SE', 0)]: 1 })
    const { findings } = compared({ counted, newer: { tally: tally({ [second]: 1 }), time: () => 0 } })
    expect(findings.map(({ key, kind }) => [key, kind])).to.deep.equal([
      [first, 'too many'],
      [keyOf('SE', 0), 'too many'],
    ])
  })
})
