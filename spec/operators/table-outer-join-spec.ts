import { expect } from 'chai'
import { tableOuterJoin } from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { stateFolders } from '../state/state-folder.ts'
import { drivenTopics } from '../support/driven-topics.ts'
import { tableJoinCases, tableJoined } from '../support/table-joins.ts'

const folder = stateFolders()

describe('tableOuterJoin', () => {
  tableJoinCases(tableOuterJoin, [
    ['a', 'l1+null', 1],
    ['a', 'l1+r1', 2],
    ['a', 'l2+r1', 3],
    ['a', 'l2+r2', 9],
    ['a', 'null+r2', 9],
    ['a', 'null+r2', 9],
    ['a', 'null+r3', 4],
    ['a', null, 7],
  ])

  it('should keep the result under their name', async () => {
    const driver = await testDriver(tableJoined(tableOuterJoin, { materialize: true }), {
      stores: { dir: folder() },
    })
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
    const { out, counters } = await drivenTopics(tableJoined(tableOuterJoin), [
      ['left', null, 'l', 1],
      ['right', null, 'r', 2],
    ])
    expect(out).to.deep.equal([])
    expect(counters.get('left', 'null-key')).to.equal(1)
  })
})
