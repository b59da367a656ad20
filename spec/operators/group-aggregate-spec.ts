import { expect } from 'chai'
import { type GroupOf, groupAggregate, groupBy, structured } from '../../lib/index.ts'
import { driven } from '../support/driven.ts'
import { tabled } from '../support/driven-rows.ts'

/** A row: its group, and what it adds to it. */
type Row = GroupOf<string, number>

describe('groupAggregate', () => {
  const summed = tabled<Row>((rows) =>
    rows.pipe(
      groupBy('by-group', (row) => row),
      groupAggregate(
        'sums',
        () => 0,
        (sum, n) => sum + n || null,
        (sum, n) => {
          if (n === 13) throw new Error('unlucky')
          return sum - n || null
        },
        { value: structured<number>() },
      ),
    ),
  )

  it('should delete the aggregate by null, then begin anew, and subtract nothing from none', async () => {
    const { out } = await driven(summed, [
      ['a', ['p', 5], 10],
      ['b', ['p', -5], 20],
      ['a', null, 12],
      ['c', ['p', 7], 11],
    ])
    expect(out).to.deep.equal([
      ['p', 5, 10],
      ['p', null, 20],
      ['p', null, 12],
      ['p', 7, 11],
    ])
  })

  it('should give the largest time that went into the group', async () => {
    const { out } = await driven(summed, [
      ['a', ['p', 5], 10],
      ['b', ['p', 1], 4],
      ['a', null, 2],
    ])
    expect(out).to.deep.equal([
      ['p', 5, 10],
      ['p', 6, 10],
      ['p', 1, 10],
    ])
  })

  it('should leave a group as it is when a function throws, and tell of the record', async () => {
    const { out, letters } = await driven(summed, [
      ['a', ['p', 13], 1],
      ['a', ['p', 1], 2],
      ['b', ['p', 2], 3],
    ])
    expect(out).to.deep.equal([
      ['p', 13, 1],
      ['p', 15, 3],
    ])
    expect(letters).to.deep.equal(['sums: Error: unlucky'])
  })

  it('should tell its functions the group', async () => {
    const said = tabled<Row>((rows) =>
      rows.pipe(
        groupBy('by-group', (row) => row),
        groupAggregate(
          'log',
          () => '',
          (all, n, group) => `${all}${group}+${n}`,
          (all, n, group) => `${all}${group}-${n}`,
        ),
      ),
    )
    const { out } = await driven(said, [
      ['a', ['p', 1], 1],
      ['a', ['p', 2], 2],
    ])
    expect(out.map(([, all]) => all)).to.deep.equal(['p+1', 'p+1p-1p+2'])
  })
})
