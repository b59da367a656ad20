import { expect } from 'chai'
import { atMostEvery } from '../lib/log.ts'

describe('a log line that comes at most every so often', () => {
  it('should let the first one through, and then one an interval', () => {
    let now = 0
    const rarely = atMostEvery(1000, () => now)
    const logged: number[] = []
    for (now of [0, 1, 999, 1000, 1001, 1999, 5000]) rarely(() => logged.push(now))
    expect(logged).to.deep.equal([0, 1000, 5000])
  })
})
