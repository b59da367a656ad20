import { expect } from 'chai'
import { leftJoinTable } from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { shortened } from '../support/driven.ts'
import { streamWithTable } from '../support/driven-table-join.ts'
import { drivenTopics } from '../support/driven-topics.ts'

const left = streamWithTable((stream, rows) =>
  stream.pipe(leftJoinTable('joined', rows, (value, row) => `${value}+${row}`)),
)

describe('leftJoinTable', () => {
  it('should join with null where there is no row, or no key', async () => {
    const { out, counters } = await drivenTopics(left, [
      ['stream', 'a', 's1', 1],
      ['table', 'a', 't1', 9],
      ['stream', 'a', 's2', 2],
      ['table', 'a', null, 9],
      ['stream', 'a', 's3', 3],
      ['stream', null, 's4', 4],
      ['stream', 'a', null, 5],
      ['stream', null, null, 5],
    ])
    expect(out).to.deep.equal([
      ['a', 's1+null', 1],
      ['a', 's2+t1', 2],
      ['a', 's3+null', 3],
      [null, 's4+null', 4],
    ])
    expect(counters.get('joined', 'null-value')).to.equal(2)
  })

  it('should join a record without a key with null, at once, where others wait', async () => {
    const waiting = streamWithTable(
      (stream, rows) =>
        stream.pipe(leftJoinTable('joined', rows, (value, row) => `${value}+${row}`, { grace: 10 })),
      { history: 1000 },
    )
    const driver = await testDriver(waiting)
    await driver.pipe('stream', { key: 'a', value: 'waits', timestamp: 5 })
    await driver.pipe('stream', { key: null, value: 's', timestamp: 5 })
    expect(shortened(driver)).to.deep.equal([[null, 's+null', 5]])
    await driver.close()
  })
})
