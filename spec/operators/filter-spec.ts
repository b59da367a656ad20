import { expect } from 'chai'
import { filter, sink } from '../../lib/index.ts'
import { jsonTopology, output, process } from '../support/pipeline.ts'

const even = jsonTopology<number | 'x'>((input) =>
  input.pipe(
    filter('even', (n) => {
      if (n === 'x') throw new TypeError('no number')
      return n % 2 === 0
    }),
    sink('out', output),
  ),
)

describe('filter', () => {
  it('should keep what the predicate holds for, in order, and count the rest', async () => {
    const { out, counters } = await process(even, [[1, 2, 3, 4]])
    expect(out).to.deep.equal([2, 4])
    expect(counters.get('even', 'filtered')).to.equal(2)
  })

  it('should neither keep nor count as filtered what the predicate throws on', async () => {
    const { out, letters, counters } = await process(even, [['x', 2]])
    expect(out).to.deep.equal([2])
    expect(letters).to.deep.equal(['even: TypeError: no number'])
    expect(counters.get('even', 'filtered')).to.equal(0)
  })
})
