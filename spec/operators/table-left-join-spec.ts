import { expect } from 'chai'
import {
  json,
  sink,
  type Table,
  tableFilter,
  tableLeftJoin,
  tableOuterJoin,
  topic,
  topology,
} from '../../lib/index.ts'
import { plus } from '../support/driven-join.ts'
import { drivenTopics } from '../support/driven-topics.ts'
import { tableJoinCases } from '../support/table-joins.ts'

describe('tableLeftJoin', () => {
  tableJoinCases(tableLeftJoin, [
    ['a', 'l1+null', 1],
    ['a', 'l1+r1', 2],
    ['a', 'l2+r1', 3],
    ['a', 'l2+r2', 9],
    ['a', null, 9],
    ['a', null, 9],
  ])

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
})
