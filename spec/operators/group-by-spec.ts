import { expect } from 'chai'
import {
  type GroupedTable,
  type GroupOf,
  groupAggregate,
  groupBy,
  groupCount,
  json,
  sink,
  type Table,
  type TableOptions,
  tableFilter,
  topic,
  topology,
} from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { failureOf } from '../contract/failure-of.ts'
import { stateFolders } from '../state/state-folder.ts'
import { driven, shortened } from '../support/driven.ts'
import { tabled } from '../support/driven-rows.ts'

const folder = stateFolders()

/** A row: its group, and what it adds to it. */
type Row = GroupOf<string, number>

const log = <K>(grouped: GroupedTable<K, number>): Table<K, string> =>
  grouped.pipe(
    groupAggregate(
      'log',
      () => '',
      (all, n) => `${all}+${n}`,
      (all, n) => `${all}-${n}`,
    ),
  )

const logged = (options: TableOptions<string, Row> = {}) =>
  tabled<Row>((rows) => log(rows.pipe(groupBy('by-group', (row) => row))), options)

describe('groupBy', () => {
  it('should give nothing of nothing', async () => {
    expect((await driven(logged(), [])).out).to.deep.equal([])
  })

  it('should update a group once where a row stays in it, and both where it moves, the old one first', async () => {
    const { out } = await driven(logged(), [
      ['a', ['p', 1], 1],
      ['b', ['p', 2], 2],
      ['a', ['p', 3], 3],
      ['a', ['q', 4], 4],
      ['b', null, 5],
    ])
    expect(out).to.deep.equal([
      ['p', '+1', 1],
      ['p', '+1+2', 2],
      ['p', '+1+2-1+3', 3],
      ['p', '+1+2-1+3-3', 4],
      ['q', '+4', 4],
      ['p', '+1+2-1+3-3-2', 5],
    ])
  })

  it('should take a row without a group, or without a value, for one in no group', async () => {
    const { out } = await driven(logged(), [
      ['a', [null, 1], 1],
      ['a', ['p', null], 2],
      ['a', ['p', 3], 3],
      ['a', ['p', null], 4],
      ['b', null, 5],
    ])
    expect(out).to.deep.equal([
      ['p', '+3', 3],
      ['p', '+3-3', 4],
    ])
  })

  it('should take a row on which it throws for one in no group, and as a dead letter', async () => {
    const said = tabled<number>((rows) =>
      log(
        rows.pipe(
          groupBy('by-group', (row) => {
            if (row === 13) throw new Error('unlucky')
            return ['all', row]
          }),
        ),
      ),
    )
    const { out, letters } = await driven(said, [
      ['a', 1, 1],
      ['a', 13, 2],
      ['a', 2, 3],
    ])
    expect(out.map(([, all]) => all)).to.deep.equal(['+1', '+1-1', '+1-1+2'])
    expect(letters).to.deep.equal(['by-group: Error: unlucky'])
  })

  it('should compare groups by what is written of them', async () => {
    const lists = json<readonly string[]>()
    const said = topology('spec', ({ table }) => {
      const rows = table('rows', topic('in', { value: json<{ of: readonly string[]; n: number }>() }))
      const grouped = rows.pipe(groupBy('by-list', ({ of, n }) => [of, n], { key: lists }))
      log(grouped).pipe(sink('out', topic('out', { key: lists, value: json() })))
    })
    const { out } = await driven(said, [
      ['a', { of: ['x', 'y'], n: 0 }, 1],
      ['a', { of: ['x', 'y'], n: 1 }, 2],
      ['a', { of: ['x'], n: 2 }, 3],
    ])
    expect(out).to.deep.equal([
      [['x', 'y'], '+0', 1],
      [['x', 'y'], '+0-0+1', 2],
      [['x', 'y'], '+0-0+1-1', 3],
      [['x'], '+2', 3],
    ])
  })

  it('should ignore rows of a versioned table that are out of order, and count them', async () => {
    const { out, counters } = await driven(logged({ history: 100 }), [
      ['a', ['p', 1], 50],
      ['a', ['p', 2], 40],
      ['a', null, 45],
      ['a', ['p', 3], 50],
    ])
    expect(out).to.deep.equal([
      ['p', '+1', 50],
      ['p', '+1-1+3', 50],
    ])
    expect(counters.get('by-group', 'out-of-order')).to.equal(2)
  })

  it('should bring the rows of a group together, from whatever partition, and outlive crashes', async () => {
    const said = tabled<Row>((rows) =>
      rows.pipe(
        groupBy('by-group', (row) => row),
        groupCount('counts'),
      ),
    )
    expect(said.nodes.map(({ name }) => name)).to.include('by-group-repartition')
    const driver = await testDriver(said, { partitions: 3, stores: { dir: folder() } })
    for (let i = 0; i < 30; i++) {
      const group = i % 4 === 0 ? 'p' : i % 4 === 1 ? 'q' : null
      await driver.pipe('in', { key: `k${i % 10}`, value: [group, 1], timestamp: i })
      if (i % 7 === 0) await driver.crash()
    }
    // The last rows of k0 … k9 are those of 20 … 29.
    const last = new Map(shortened(driver).map(([key, count]) => [key, count]))
    expect(Object.fromEntries(last)).to.deep.equal({ p: 3, q: 3 })
    await driver.close()
  })

  it('should refuse a table whose rows are not kept', () => {
    const failure = failureOf(() => logged({ materialize: false }))
    expect(failure).to.include({ code: 'CONFIG' })
    expect(failure.message).to.include('"by-group"').and.include('"rows"').and.include('materialize')
    const filtered = () =>
      tabled<number>(
        (rows) =>
          rows.pipe(
            tableFilter('large', (row) => row > 1),
            groupBy('by-group', (row) => ['all', row]),
            groupCount('counts'),
          ),
        { materialize: false },
      )
    expect(failureOf(filtered)).to.include({ code: 'CONFIG' })
  })
})
