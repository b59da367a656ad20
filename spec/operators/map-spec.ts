import { expect } from 'chai'
import { map, sink } from '../../lib/index.ts'
import { jsonTopology, output, process } from '../support/pipeline.ts'

const doubled = jsonTopology<number>((input) =>
  input.pipe(
    map('double', (n) => {
      if (n === 13) throw new RangeError('unlucky')
      return n * 2
    }),
    sink('out', output),
  ),
)

describe('map', () => {
  it('should write nothing for an empty micro-batch', async () => {
    expect((await process(doubled, [[]])).out).to.deep.equal([])
  })

  it('should map each value in order', async () => {
    expect((await process(doubled, [[1, 2], [3]])).out).to.deep.equal([2, 4, 6])
  })

  it('should send a record on which the callback throws to the dead letters, and go on', async () => {
    const { out, letters, counters } = await process(doubled, [[1, 13, 2]])
    expect(out).to.deep.equal([2, 4])
    expect(letters).to.deep.equal(['double: RangeError: unlucky'])
    expect(counters.get('double', 'refused')).to.equal(1)
  })

  it('should count and leave out such a record under the policy skip', async () => {
    const skipping = jsonTopology<number>((input) =>
      input.pipe(
        map('f', (n) => JSON.parse(n === 1 ? '{' : '7') as unknown, { onError: 'skip' }),
        sink('out', output),
      ),
    )
    const { out, letters, counters } = await process(skipping, [[1, 2]])
    expect(out).to.deep.equal([7])
    expect(letters).to.deep.equal([])
    expect(counters.get('f', 'skipped')).to.equal(1)
  })

  it('should stop at such a record under the policy fail, naming step and place', async () => {
    const failing = jsonTopology<number>((input) =>
      input.pipe(
        map('f', (n) => BigInt(n / 2).toString(), { onError: 'fail' }),
        sink('out', output),
      ),
    )
    const error = await process(failing, [[2, 3]]).catch((caught: unknown) => caught)
    expect(error)
      .to.have.property('message')
      .that.matches(/^step "f" .* at in\/0\/1: /)
  })
})
