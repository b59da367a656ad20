import { expect } from 'chai'
import type { Lap } from '../../bench/race/race.ts'
import { type Goal, median, readGoals, standings, summary } from '../../bench/race/summary.ts'

const GOAL: Goal = { workload: 'w1', figure: 'records/s', of: 'ours', beside: 'theirs', goal: 2 }

describe('the summary of a race', () => {
  it('should compare medians, so that one bad lap counts for nothing', () => {
    const laps = [...lapsOf('ours', 300, 10, 200), ...lapsOf('theirs', 100, 90, 5000)]
    const [found] = standings([GOAL], laps)
    expect(found).to.deep.include({ ratio: 2, met: true })
  })

  it('should say which ratio is beyond its floor, on the side that the goal names', () => {
    const laps = [...lapsOf('ours', 90), ...lapsOf('theirs', 100)]
    const met = (limits: Partial<Goal>) => standings([{ ...GOAL, ...limits }], laps)[0]!.met
    expect(met({ atLeast: 1 })).to.equal(false)
    expect(met({ atLeast: 0.9 })).to.equal(true)
    expect(met({ atMost: 0.8 })).to.equal(false)
    expect(met({ atMost: 0.9 })).to.equal(true)
    expect(met({}), 'a goal without a floor').to.equal(true)
  })

  it('should judge nobody that did not run', () => {
    expect(standings([{ ...GOAL, atLeast: 1 }], lapsOf('ours', 90))).to.deep.include.members([
      { ...GOAL, atLeast: 1, ratio: undefined, met: true },
    ])
  })

  it('should show wrong rows and floors that are not met', () => {
    const laps = [...lapsOf('ours', 90), ...lapsOf('theirs', 100).map((lap) => ({ ...lap, right: false }))]
    const text = summary(laps, standings([{ ...GOAL, atLeast: 1 }], laps))
    expect(text).to.match(/\| ours \| 90 .*\| right \|/)
    expect(text).to.match(/\| theirs \| 100 .*\| WRONG \|/)
    expect(text).to.include('| records/s | ours | theirs | 0.90 | ≥ 1 | 2 | NOT MET |')
  })

  it('should have goals whose floors are no higher than what they are to become', () => {
    for (const { atLeast, atMost, goal } of readGoals()) {
      if (atLeast !== undefined) expect(atLeast).to.be.at.most(goal)
      if (atMost !== undefined) expect(atMost).to.be.at.least(goal)
    }
  })
})

describe('a median', () => {
  it('should be the one in the middle, or the mean of the two', () => {
    expect(median([3, 1, 2])).to.equal(2)
    expect(median([4, 1, 2, 3])).to.equal(2.5)
    expect(median([])).to.equal(undefined)
  })
})

function lapsOf(contestant: string, ...rates: readonly number[]): Lap[] {
  return rates.map((rate, index) => ({
    contestant,
    round: index + 1,
    records: 1000,
    'records/s': rate,
    'to first s': 1,
    'wall s': 1,
    'cpu s': 1,
    'other cpu s': 0,
    'peak MiB': 100,
    'load before': 0,
    'load after': 0,
    checksum: '',
    right: true,
  }))
}
