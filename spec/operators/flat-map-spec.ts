import { expect } from 'chai'
import { flatMap, sink } from '../../lib/index.ts'
import { jsonTopology, output, process } from '../support/pipeline.ts'

const counted = jsonTopology<number>((input) =>
  input.pipe(
    flatMap('count-down', function* (from) {
      for (let n = from; n > 0; n--) {
        if (n === 13) throw new RangeError('unlucky')
        yield n
      }
    }),
    sink('out', output),
  ),
)

describe('flatMap', () => {
  it('should hand on none, one or many, in order', async () => {
    expect((await process(counted, [[0, 1, 3]])).out).to.deep.equal([1, 3, 2, 1])
  })

  it('should hand on nothing of a record on which the callback throws half-way', async () => {
    const { out, letters } = await process(counted, [[14, 2]])
    expect(out).to.deep.equal([2, 1])
    expect(letters).to.deep.equal(['count-down: RangeError: unlucky'])
  })
})
