import { expect } from 'chai'
import { bisect } from '../lib/bisect.ts'

describe('bisect', () => {
  /** Parts all of n items whose culprits are refused; tells what was done, in order, and in how many attempts. */
  async function parted(n: number, culprits: readonly number[]) {
    const items = Array.from({ length: n }, (_, i) => i)
    const done: number[] = []
    let attempts = 0
    const refused = await bisect(items, async (part) => {
      attempts++
      const culprit = part.find((item) => culprits.includes(item))
      if (culprit !== undefined) return `refused for ${culprit}`
      done.push(...part)
      return undefined
    })
    return { refused, done, attempts }
  }

  it('should ask nobody when there is nothing', async () => {
    expect(await parted(0, [])).to.deep.equal({ refused: [], done: [], attempts: 0 })
  })

  it('should do all in one attempt when none is refused', async () => {
    expect(await parted(3, [])).to.deep.equal({ refused: [], done: [0, 1, 2], attempts: 1 })
  })

  it('should find one culprit of a thousand in 21 attempts at most', async () => {
    for (const culprit of [0, 1, 499, 500, 713, 999]) {
      const { refused, done, attempts } = await parted(1000, [culprit])
      expect(refused).to.deep.equal([{ item: culprit, refusal: `refused for ${culprit}` }])
      expect(done).to.have.length(999)
      expect(attempts).to.be.at.most(21)
    }
  })

  it('should find several, in order, and do the others once and in order', async () => {
    const { refused, done } = await parted(10, [2, 3, 9])
    expect(refused.map(({ item }) => item)).to.deep.equal([2, 3, 9])
    expect(done).to.deep.equal([0, 1, 4, 5, 6, 7, 8])
  })

  it('should make 2n − 1 attempts at most, when all are refused', async () => {
    const all = Array.from({ length: 100 }, (_, i) => i)
    expect(await parted(100, all)).to.deep.include({ attempts: 199, done: [] })
  })

  it('should reject at once with what an attempt rejects with', async () => {
    let attempts = 0
    const error = await bisect([1, 2], async () => {
      attempts++
      throw new Error('away')
    }).catch((caught: unknown) => caught)
    expect(error).to.have.property('message', 'away')
    expect(attempts).to.equal(1)
  })
})
