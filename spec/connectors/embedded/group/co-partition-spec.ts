import { expect } from 'chai'
import fc from 'fast-check'
import { coPartition } from '../../../../connectors/embedded/group/co-partition.ts'

const members = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `m${i}`, topics: ['a', 'b'] }))

describe('assignment in the embedded log', () => {
  it('should give every partition to one member, and partition n of all topics to the same', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.nat({ max: 12 }),
        fc.nat({ max: 12 }),
        (count, inA, inB) => {
          const shares = coPartition(members(count), (topic) => (topic === 'a' ? inA : inB))
          const owners = new Map<string, string>()
          for (const [id, share] of shares) {
            for (const { topic, partition } of share) {
              expect(owners.has(`${topic}/${partition}`)).to.equal(false)
              owners.set(`${topic}/${partition}`, id)
            }
          }
          expect(owners.size).to.equal(inA + inB)
          for (let n = 0; n < Math.min(inA, inB); n++)
            expect(owners.get(`a/${n}`)).to.equal(owners.get(`b/${n}`))
        },
      ),
    )
  })

  it('should share evenly', () => {
    const shares = coPartition(members(3), () => 7)
    expect([...shares.values()].map((share) => share.length)).to.deep.equal([6, 4, 4])
  })

  it('should not depend on the order in which members came', () => {
    const forwards = coPartition(members(4), () => 6)
    const backwards = coPartition(members(4).reverse(), () => 6)
    for (const [id, share] of forwards) expect(backwards.get(id)).to.deep.equal(share)
  })
})
