import { expect } from 'chai'
import { within } from '../../lib/index.ts'

describe('within', () => {
  it('should look as far before as after, unless told', () => {
    expect(within('5s')).to.deep.equal({ before: 5000, after: 5000, grace: 0 })
    expect(within({ after: '5s', grace: '1m' })).to.deep.equal({ before: 5000, after: 5000, grace: 60_000 })
    expect(within({ before: 0, after: '5s' })).to.deep.equal({ before: 0, after: 5000, grace: 0 })
  })

  it('should take windows that lie wholly before or after a record', () => {
    expect(within({ before: '-2s', after: '5s' })).to.include({ before: -2000, after: 5000 })
    expect(within({ before: 5, after: -5 })).to.include({ before: 5, after: -5 })
  })

  it('should refuse windows that end before they begin, and a grace that is negative', () => {
    expect(() => within({ before: '-6s', after: '5s' })).to.throw(
      "a join's window must not end (5000ms) before it begins (6000ms)",
    )
    expect(() => within('-5s')).to.throw('must not end')
    expect(() => within({ after: 5, grace: -1 })).to.throw('is no duration')
  })
})
