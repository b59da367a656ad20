import { expect } from 'chai'
import {
  groupAggregate,
  groupBy,
  type MaterializeOptions,
  type Table,
  type TableOptions,
} from '../../lib/index.ts'
import type { Short } from './driven.ts'
import { plus, type Sided } from './driven-join.ts'
import { tabledSides } from './driven-rows.ts'
import { drivenTopics } from './driven-topics.ts'

type Rows = Table<string, string>

/** `tableJoin`, or one of its like. */
export type TableJoin = (
  name: string,
  other: Rows,
  join: (left: string | null, right: string | null) => string,
  options?: MaterializeOptions<string>,
) => (left: Rows) => Table<string, string>

/** Tables of topics `left` and `right`, joined to `l+r`. */
export function tableJoined(
  verb: TableJoin,
  options: MaterializeOptions<string> = {},
  tables?: TableOptions<string, string>,
) {
  return tabledSides((left, right) => left.pipe(verb('joined', right, plus, options)), tables)
}

export const sequence: readonly Sided[] = [
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

/** What holds for every join of tables; `expected` is what comes of `sequence`. */
export function tableJoinCases(verb: TableJoin, expected: readonly Short[]): void {
  it('should give nothing of nothing', async () => {
    expect((await drivenTopics(tableJoined(verb), [])).out).to.deep.equal([])
  })

  it('should update the result with either side, at the larger time, its rows kept or not', async () => {
    for (const materialize of [false, true]) {
      const { out } = await drivenTopics(tableJoined(verb, { materialize }), sequence)
      expect(out).to.deep.equal(expected)
    }
  })

  it('should ignore rows of versioned tables that are out of order, and count them', async () => {
    const { out, counters } = await drivenTopics(tableJoined(verb, {}, { history: 100 }), [
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
        verb('joined', right, (l, r) => {
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
        verb('joined', right, plus),
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
}
