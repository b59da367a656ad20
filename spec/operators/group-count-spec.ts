import { expect } from 'chai'
import { type GroupOf, groupBy, groupCount } from '../../lib/index.ts'
import { driven } from '../support/driven.ts'
import { tabled } from '../support/driven-rows.ts'

/** A row: its group, and what it adds to it. */
type Row = GroupOf<string, number>

describe('groupCount', () => {
  it('should count the rows of a group, down to none', async () => {
    const said = tabled<Row>((rows) =>
      rows.pipe(
        groupBy('by-group', (row) => row),
        groupCount('counts'),
      ),
    )
    const { out } = await driven(said, [
      ['a', ['p', 1], 1],
      ['b', ['p', 1], 2],
      ['a', ['p', 2], 3],
      ['a', ['q', 1], 4],
      ['b', null, 5],
    ])
    expect(out).to.deep.equal([
      ['p', 1, 1],
      ['p', 2, 2],
      ['p', 2, 3],
      ['p', 1, 4],
      ['q', 1, 4],
      ['p', 0, 5],
    ])
  })
})
