import { expect } from 'chai'
import { peek, sink } from '../../lib/index.ts'
import { jsonTopology, output, process } from '../support/pipeline.ts'

describe('peek', () => {
  it('should see each record in order and hand it on as it is', async () => {
    const seen: unknown[] = []
    const said = jsonTopology<number>((input) =>
      input.pipe(
        peek('look', (value, { offset }) => seen.push([offset, value])),
        sink('out', output),
      ),
    )
    expect((await process(said, [[7, 8]])).out).to.deep.equal([7, 8])
    expect(seen).to.deep.equal([
      [0, 7],
      [1, 8],
    ])
  })

  it('should not hand on a record on which the callback throws', async () => {
    const said = jsonTopology<number>((input) =>
      input.pipe(
        peek('look', (value) => {
          if (value === 1) throw new Error('blind')
        }),
        sink('out', output),
      ),
    )
    const { out, letters } = await process(said, [[1, 2]])
    expect(out).to.deep.equal([2])
    expect(letters).to.deep.equal(['look: Error: blind'])
  })
})
