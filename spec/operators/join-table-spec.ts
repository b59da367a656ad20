import { expect } from 'chai'
import { joinTable, keyBy } from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { failureOf } from '../contract/failure-of.ts'
import { streamWithTable } from '../support/driven-table-join.ts'
import { drivenTopics } from '../support/driven-topics.ts'

const inner = streamWithTable((stream, rows) =>
  stream.pipe(joinTable('joined', rows, (value, row) => `${value}+${row}`)),
)

describe('joinTable', () => {
  it('should give nothing of nothing, and nothing of rows alone', async () => {
    expect((await drivenTopics(inner, [])).out).to.deep.equal([])
    expect((await drivenTopics(inner, [['table', 'a', 't', 1]])).out).to.deep.equal([])
  })

  it('should join each record with the row that arrived last, whatever the timestamps', async () => {
    const { out } = await drivenTopics(inner, [
      ['table', 'a', 't1', 50],
      ['stream', 'a', 's1', 10],
      ['table', 'a', 't2', 5],
      ['stream', 'a', 's2', 60],
      ['stream', 'a', 's3', 0],
    ])
    expect(out).to.deep.equal([
      ['a', 's1+t1', 10],
      ['a', 's2+t2', 60],
      ['a', 's3+t2', 0],
    ])
  })

  it('should leave out records without a row, a key or a value, and count the latter', async () => {
    const { out, counters } = await drivenTopics(inner, [
      ['stream', 'a', 'too early', 1],
      ['table', 'a', 't1', 1],
      ['stream', 'b', 'other key', 1],
      ['stream', null, 'no key', 1],
      ['stream', 'a', null, 1],
      ['table', 'a', null, 2],
      ['stream', 'a', 'deleted', 3],
    ])
    expect(out).to.deep.equal([])
    expect(counters.get('joined', 'null-key')).to.equal(1)
    expect(counters.get('joined', 'null-value')).to.equal(1)
  })

  it('should show the joiner the record, and keep its headers', async () => {
    const said = streamWithTable((stream, rows) =>
      stream.pipe(
        joinTable(
          'joined',
          rows,
          (_, row, { key, timestamp, headers }) => `${key}@${timestamp} ${headers[0]?.[1]} ${row}`,
        ),
      ),
    )
    const driver = await testDriver(said)
    await driver.pipe('table', { key: 'a', value: 't', timestamp: 1, headers: [['h', Buffer.from('row')]] })
    await driver.pipe('stream', {
      key: 'a',
      value: 's',
      timestamp: 2,
      headers: [['h', Buffer.from('record')]],
    })
    const [record] = driver.read('out')
    expect(record).to.deep.include({ value: 'a@2 record t', headers: [['h', Buffer.from('record')]] })
    await driver.close()
  })

  it('should refuse the record for which the joiner throws, and go on', async () => {
    const said = streamWithTable((stream, rows) =>
      stream.pipe(
        joinTable('joined', rows, (value) => {
          if (value === 'bad') throw new Error('no such luck')
          return value
        }),
      ),
    )
    const { out, letters } = await drivenTopics(said, [
      ['table', 'a', 't', 1],
      ['stream', 'a', 'bad', 1],
      ['stream', 'a', 'good', 2],
    ])
    expect(out).to.deep.equal([['a', 'good', 2]])
    expect(letters).to.deep.equal(['joined: Error: no such luck'])
  })

  it('should bring records with changed keys to the rows, in whatever partition they are', async () => {
    const said = streamWithTable((stream, rows) =>
      stream.pipe(
        keyBy('by-name', (value) => value),
        joinTable('joined', rows, (_, row) => row),
      ),
    )
    expect(said.nodes.map(({ name }) => name)).to.include('joined-repartition')
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    const rows = names.map((name, time) => ['table', name, `row of ${name}`, time] as const)
    const records = names.map((name, time) => ['stream', 'all', name, time] as const)
    const { out } = await drivenTopics(said, [...rows, ...records], { partitions: 3 })
    const expected = names.map((name, time) => [name, `row of ${name}`, time])
    expect(out.toSorted()).to.deep.equal(expected)
  })

  it('should refuse a table that keeps no rows', () => {
    const said = () =>
      streamWithTable((stream, rows) => stream.pipe(joinTable('joined', rows, (value) => value)), {
        materialize: false,
      })
    expect(failureOf(said))
      .to.include({ code: 'CONFIG' })
      .and.match(/step "joined" needs the rows of "rows"/)
  })
})
