import { expect } from 'chai'
import {
  count,
  json,
  reduce,
  sink,
  tableJoin,
  topic,
  topology,
  tumbling,
  window,
  windowedKey,
} from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { failureOf } from '../contract/failure-of.ts'
import { plus } from '../support/driven-join.ts'
import { tabled } from '../support/driven-rows.ts'
import { drivenTopics } from '../support/driven-topics.ts'
import { tableJoinCases, tableJoined } from '../support/table-joins.ts'

describe('tableJoin', () => {
  tableJoinCases(tableJoin, [
    ['a', 'l1+r1', 2],
    ['a', 'l2+r1', 3],
    ['a', 'l2+r2', 9],
    ['a', null, 9],
    ['a', null, 9],
  ])

  it('should have the headers of the row that came', async () => {
    const driver = await testDriver(tableJoined(tableJoin))
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
    const failure = failureOf(() => tableJoined(tableJoin, {}, { materialize: false }))
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
