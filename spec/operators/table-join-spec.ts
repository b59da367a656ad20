import { expect } from 'chai'
import {
  count,
  groupAggregate,
  groupBy,
  json,
  type MaterializeOptions,
  reduce,
  sink,
  type Table,
  type TableOptions,
  tableFilter,
  tableJoin,
  tableLeftJoin,
  tableOuterJoin,
  topic,
  topology,
  tumbling,
  window,
  windowedKey,
} from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/test-driver.ts'
import { failureOf } from '../contract/failure-of.ts'
import { stateFolders } from '../state/state-folder.ts'
import type { Short } from '../support/driven.ts'
import { plus, type Sided } from '../support/driven-join.ts'
import { tabled, tabledSides } from '../support/driven-rows.ts'
import { drivenTopics } from '../support/driven-topics.ts'

const folder = stateFolders()
const VERBS = { inner: tableJoin, left: tableLeftJoin, outer: tableOuterJoin }

type Type = keyof typeof VERBS

function joining(
  type: Type,
  options: MaterializeOptions<string> = {},
  tables?: TableOptions<string, string>,
) {
  return tabledSides(
    (left, right) => left.pipe(VERBS[type]<string, string, string, string>('joined', right, plus, options)),
    tables,
  )
}

const sequence: readonly Sided[] = [
  ['left', 'a', 'l1', 1],
  ['right', 'a', 'r1', 2],
  ['left', 'a', 'l2', 3],
  ['right', 'a', 'r2', 9],
  ['left', 'a', null, 5],
  ['left', 'a', null, 6],
  ['right', 'a', 'r3', 4],
  ['right', 'a', null, 7],
  ['right', 'a', null, 8],
]

const expected: Readonly<Record<Type, readonly Short[]>> = {
  inner: [
    ['a', 'l1+r1', 2],
    ['a', 'l2+r1', 3],
    ['a', 'l2+r2', 9],
    ['a', null, 9],
    ['a', null, 9],
  ],
  left: [
    ['a', 'l1+null', 1],
    ['a', 'l1+r1', 2],
    ['a', 'l2+r1', 3],
    ['a', 'l2+r2', 9],
    ['a', null, 9],
    ['a', null, 9],
  ],
  outer: [
    ['a', 'l1+null', 1],
    ['a', 'l1+r1', 2],
    ['a', 'l2+r1', 3],
    ['a', 'l2+r2', 9],
    ['a', 'null+r2', 9],
    ['a', 'null+r2', 9],
    ['a', 'null+r3', 4],
    ['a', null, 7],
  ],
}

for (const type of ['inner', 'left', 'outer'] as const) {
  describe(VERBS[type].name, () => {
    it('should give nothing of nothing', async () => {
      expect((await drivenTopics(joining(type), [])).out).to.deep.equal([])
    })

    it('should update the result with either side, at the larger time, its rows kept or not', async () => {
      for (const materialize of [false, true]) {
        const { out } = await drivenTopics(joining(type, { materialize }), sequence)
        expect(out).to.deep.equal(expected[type])
      }
    })

    it('should ignore rows of versioned tables that are out of order, and count them', async () => {
      const { out, counters } = await drivenTopics(joining(type, {}, { history: 100 }), [
        ['left', 'a', 'l1', 50],
        ['right', 'a', 'r1', 60],
        ['left', 'a', 'old', 40],
        ['right', 'a', null, 55],
        ['left', 'a', 'l2', 50],
      ])
      expect(out.slice(-2)).to.deep.equal([
        ['a', 'l1+r1', 60],
        ['a', 'l2+r1', 60],
      ])
      expect(counters.get('joined', 'out-of-order')).to.equal(2)
    })

    it('should take a row on which the joiner throws out of the result, as a dead letter', async () => {
      const said = tabledSides((left, right) =>
        left.pipe(
          VERBS[type]<string, string, string, string>('joined', right, (l, r) => {
            if (l === 'bad') throw new Error('no such luck')
            return plus(l, r)
          }),
        ),
      )
      const { out, letters } = await drivenTopics(said, [
        ['right', 'a', 'r', 1],
        ['left', 'a', 'good', 2],
        ['left', 'a', 'bad', 3],
        ['left', 'a', 'better', 4],
      ])
      expect(out.slice(-3)).to.deep.equal([
        ['a', 'good+r', 2],
        ['a', null, 3],
        ['a', 'better+r', 4],
      ])
      expect(letters).to.deep.equal(['joined: Error: no such luck'])
    })

    it('should tell steps behind it what was there before', async () => {
      const said = tabledSides((left, right) =>
        left.pipe(
          VERBS[type]<string, string, string, string>('joined', right, plus),
          groupBy('all', (row) => ['all', row]),
          groupAggregate(
            'rows',
            (): readonly string[] => [],
            (all, row) => [...all, row].sort(),
            (all, row) => all.toSpliced(all.indexOf(row), 1),
          ),
        ),
      )
      const { out } = await drivenTopics(said, [...sequence, ['left', 'b', 'l', 1], ['right', 'b', 'r', 1]])
      expect(out.at(-1)?.[1]).to.deep.equal(['l+r'])
    })
  })
}

describe('joins of tables', () => {
  it('should keep the result under their name', async () => {
    const driver = await testDriver(joining('outer', { materialize: true }), { stores: { dir: folder() } })
    const pipe = async (side: string, key: string, value: string | null, timestamp: number) =>
      driver.pipe(side, { key, value, timestamp })
    await pipe('left', 'a', 'l', 3)
    await pipe('right', 'a', 'r', 2)
    await pipe('right', 'b', 'r', 5)
    await driver.crash()
    expect([...driver.store('joined').all()]).to.deep.equal([
      { key: 'a', value: 'l+r', timestamp: 3 },
      { key: 'b', value: 'null+r', timestamp: 5 },
    ])
    await pipe('right', 'b', null, 6)
    expect([...driver.store('joined').all()].map(({ key }) => key)).to.deep.equal(['a'])
    await driver.close()
  })

  it('should give a row without a key to nobody', async () => {
    const { out, counters } = await drivenTopics(joining('outer'), [
      ['left', null, 'l', 1],
      ['right', null, 'r', 2],
    ])
    expect(out).to.deep.equal([])
    expect(counters.get('left', 'null-key')).to.equal(1)
  })

  it('should have the headers of the row that came', async () => {
    const driver = await testDriver(joining('inner'))
    const header = (text: string) => [['h', Buffer.from(text)]] as const
    await driver.pipe('left', { key: 'a', value: 'l', timestamp: 1, headers: header('left') })
    await driver.pipe('right', { key: 'a', value: 'r', timestamp: 2, headers: header('right') })
    expect(driver.read('out')[0]?.headers).to.deep.equal(header('right'))
    await driver.close()
  })

  it('should join a table with itself, once from either side', async () => {
    const said = tabled<string>((rows) => rows.pipe(tableJoin('joined', rows, plus)))
    const { out } = await drivenTopics(said, [['in', 'a', 'x', 1]])
    expect(out).to.deep.equal([
      ['a', 'x+x', 1],
      ['a', 'x+x', 1],
    ])
  })

  it('should be asked for rows that are computed, through several steps', async () => {
    const said = topology('spec', ({ table }) => {
      const [a, b, c] = ['a', 'b', 'c'].map((name) =>
        table(name, topic(name, { value: json<string>() })),
      ) as [Table<string, string>, Table<string, string>, Table<string, string>]
      const joined = a.pipe(
        tableOuterJoin('a-b', b, plus),
        tableFilter('not-bad', (row) => !row.includes('bad')),
      )
      c.pipe(tableLeftJoin('all', joined, plus), sink('out', topic('out', { value: json() })))
    })
    const { out } = await drivenTopics(said, [
      ['a', 'k', 'a1', 5],
      ['c', 'k', 'c1', 1],
      ['b', 'k', 'b1', 7],
      ['c', 'k', 'c2', 2],
      ['a', 'k', 'bad', 3],
      ['c', 'k', 'c3', 4],
    ])
    expect(out).to.deep.equal([
      ['k', 'c1+a1+null', 5],
      ['k', 'c1+a1+b1', 7],
      ['k', 'c2+a1+b1', 7],
      ['k', 'c2+null', 7],
      ['k', 'c3+null', 4],
    ])
  })

  it('should join windows of the same bounds', async () => {
    const said = topology('spec', ({ source }) => {
      const windowed = ['left', 'right'].map((name) =>
        source(name, topic(name, { value: json<string>() })).pipe(window(`${name}-windows`, tumbling(10))),
      )
      const [left, right] = windowed as [(typeof windowed)[0], (typeof windowed)[0]]
      left.pipe(
        count('counts'),
        tableJoin('joined', right.pipe(reduce('texts', (a, b) => a + b)), plus),
        sink('out', topic('out', { key: windowedKey(), value: json() })),
      )
    })
    const { out } = await drivenTopics(said, [
      ['left', 'a', 'x', 1],
      ['right', 'a', 'r', 9],
      ['right', 'a', 's', 12],
      ['left', 'a', 'y', 15],
      ['left', 'a', 'z', 13],
    ])
    expect(out).to.deep.equal([
      [{ key: 'a', start: 0, end: 10 }, '1+r', 9],
      [{ key: 'a', start: 10, end: 20 }, '1+s', 15],
      [{ key: 'a', start: 10, end: 20 }, '2+s', 15],
    ])
  })

  it('should refuse tables whose rows are not kept', () => {
    const failure = failureOf(() => joining('inner', {}, { materialize: false }))
    expect(failure).to.include({ code: 'CONFIG' })
    expect(failure.message).to.include('"joined"').and.include('"left"').and.include('materialize')
  })

  it('should refuse tables of which a key may be in different partitions', () => {
    const said = () =>
      topology('spec', ({ table }) => {
        const right = table('right', topic('right', { value: json<string>(), partitions: 3 }))
        table('left', topic('left', { value: json<string>(), partitions: 2 })).pipe(
          tableJoin('joined', right, plus),
          sink('out', topic('out', { value: json() })),
        )
      })
    expect(failureOf(said).message).to.include('"joined"').and.include('partitions')
  })
})
