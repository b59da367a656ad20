import { expect } from 'chai'
import { IdSet } from '../../lib/verify/id-set.ts'

describe('IdSet', () => {
  it('should hold what was added, and say what is new', () => {
    const set = new IdSet()
    const ids = [0, 1, 7, 8, 65_535, 65_536, 2 ** 40 + 3]
    expect(ids.map((id) => set.add(id))).to.deep.equal(ids.map(() => true))
    expect(ids.map((id) => set.add(id))).to.deep.equal(ids.map(() => false))
    expect(ids.every((id) => set.has(id))).to.equal(true)
    expect([2, 9, 65_534, 65_537, 2 ** 40 + 2, -1].filter((id) => set.has(id))).to.deep.equal([])
    expect(set.size).to.equal(ids.length)
  })
})
