import { expect } from 'chai'
import { type GroupOf, groupBy, groupReduce } from '../../lib/index.ts'
import { driven } from '../support/driven.ts'
import { tabled } from '../support/driven-rows.ts'

/** A row: its group, and what it adds to it. */
type Row = GroupOf<string, number>

describe('groupReduce', () => {
  it('should take the first value as it is, add what comes, subtract what goes', async () => {
    const said = tabled<Row>((rows) =>
      rows.pipe(
        groupBy('by-group', (row) => row),
        groupReduce(
          'sums',
          (sum, n) => sum + n,
          (sum, n) => (sum === n ? null : sum - n),
        ),
      ),
    )
    const { out } = await driven(said, [
      ['a', ['p', 5], 1],
      ['b', ['p', 2], 2],
      ['a', ['p', 7], 3],
      ['b', null, 4],
      ['a', null, 5],
      ['c', ['p', 0], 6],
    ])
    expect(out).to.deep.equal([
      ['p', 5, 1],
      ['p', 7, 2],
      ['p', 9, 3],
      ['p', 7, 4],
      ['p', null, 5],
      ['p', 0, 6],
    ])
  })
})
