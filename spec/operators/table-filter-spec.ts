import { expect } from 'chai'
import {
  groupBy,
  groupCount,
  type MaterializeOptions,
  type TableOptions,
  tableFilter,
} from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { driven } from '../support/driven.ts'
import { tabled } from '../support/driven-rows.ts'

const large = (row: number) => {
  if (row === 13) throw new Error('unlucky')
  return row > 10
}

function filtering(source: TableOptions<string, number> = {}, options: MaterializeOptions<number> = {}) {
  return tabled<number>((rows) => rows.pipe(tableFilter('large', large, options)), source)
}

describe('tableFilter', () => {
  it('should show nothing of nothing', async () => {
    expect((await driven(filtering(), [])).out).to.deep.equal([])
  })

  it('should delete a row when it does not pass any more, and say nothing of others that do not', async () => {
    const { out, counters } = await driven(filtering(), [
      ['a', 1, 10],
      ['a', 20, 11],
      ['a', 30, 12],
      ['a', 2, 13],
      ['a', 3, 14],
      ['a', null, 15],
      ['b', null, 16],
    ])
    expect(out).to.deep.equal([
      ['a', 20, 11],
      ['a', 30, 12],
      ['a', null, 13],
    ])
    expect(counters.get('large', 'filtered')).to.equal(3)
  })

  it('should delete it when it is deleted', async () => {
    const { out } = await driven(filtering(), [
      ['a', 20, 11],
      ['a', null, 5],
      ['a', null, 6],
    ])
    expect(out).to.deep.equal([
      ['a', 20, 11],
      ['a', null, 5],
    ])
  })

  it('should delete at every such update where rows are not kept, though the result is', async () => {
    for (const materialize of [true, false]) {
      const { out } = await driven(filtering({ materialize: false }, { materialize }), [
        ['a', 1, 10],
        ['a', 2, 11],
        ['b', null, 12],
      ])
      expect(out).to.deep.equal([
        ['a', null, 10],
        ['a', null, 11],
        ['b', null, 12],
      ])
    }
  })

  it('should tell steps behind it what was there, from its own rows if it must', async () => {
    const said = tabled<number>(
      (rows) =>
        rows.pipe(
          tableFilter('large', large, { materialize: true }),
          groupBy('by-parity', (row) => [row % 2 === 0 ? 'even' : 'odd', row]),
          groupCount('counts'),
        ),
      { materialize: false },
    )
    const { out } = await driven(said, [
      ['a', 20, 1],
      ['a', 21, 2],
      ['a', 1, 3],
      ['a', 2, 4],
    ])
    expect(out).to.deep.equal([
      ['even', 1, 1],
      ['even', 0, 2],
      ['odd', 1, 2],
      ['odd', 0, 3],
    ])
  })

  it('should keep its result under its name', async () => {
    const driver = await testDriver(filtering({}, { materialize: true }))
    for (const [key, value] of [
      ['a', 20],
      ['b', 1],
      ['c', 30],
      ['c', 2],
    ])
      await driver.pipe('in', { key, value, timestamp: 5 })
    expect([...driver.store('large').all()]).to.deep.equal([{ key: 'a', value: 20, timestamp: 5 }])
    await driver.close()
  })

  it('should take a row on which the predicate throws out of the result, as a dead letter', async () => {
    const { out, letters } = await driven(filtering(), [
      ['a', 20, 1],
      ['a', 13, 2],
      ['a', 13, 3],
      ['a', 30, 4],
    ])
    expect(out).to.deep.equal([
      ['a', 20, 1],
      ['a', null, 2],
      ['a', 30, 4],
    ])
    expect(letters).to.deep.equal(['large: Error: unlucky', 'large: Error: unlucky'])
  })

  it('should show rows of a versioned table that are out of order, deletions included', async () => {
    const { out } = await driven(filtering({ history: 100 }), [
      ['a', 20, 50],
      ['a', 1, 40],
      ['a', 30, 45],
    ])
    expect(out).to.deep.equal([
      ['a', 20, 50],
      ['a', null, 40],
      ['a', 30, 45],
    ])
  })
})
