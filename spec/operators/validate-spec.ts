import { expect } from 'chai'
import { sink, validate } from '../../lib/index.ts'
import { jsonTopology, output, process } from '../support/pipeline.ts'

const positive = jsonTopology<number>((input) =>
  input.pipe(
    validate('positive', (n, { offset }) => (n > 0 ? undefined : `not positive at ${offset}`)),
    sink('out', output),
  ),
)

describe('validate', () => {
  it('should pass what has no reason against it', async () => {
    expect((await process(positive, [[1, 2]])).out).to.deep.equal([1, 2])
  })

  it('should send the others to the dead letters with the reason, and count them', async () => {
    const { out, letters, counters } = await process(positive, [[0, 5, -1]])
    expect(out).to.deep.equal([5])
    expect(letters).to.deep.equal(['positive: not positive at 0', 'positive: not positive at 2'])
    expect(counters.get('positive', 'refused')).to.equal(2)
  })
})
