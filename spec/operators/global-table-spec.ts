import { expect } from 'chai'
import { joinGlobal } from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { globallyJoined, order } from '../support/driven-global-join.ts'
import { drivenTopics } from '../support/driven-topics.ts'

describe('globalTable', () => {
  it('should keep the row that arrived last, with its timestamp, and nothing of a deleted one', async () => {
    const driver = await testDriver(globallyJoined(joinGlobal))
    const inputs = [
      ['de', 'Germany', 10],
      ['de', 'Deutschland', 5],
      ['fr', 'France', 6],
      ['fr', null, 7],
    ] as const
    for (const [key, value, timestamp] of inputs) await driver.pipe('global', { key, value, timestamp })
    expect([...driver.store('countries').all()]).to.deep.equal([
      { key: 'de', value: 'Deutschland', timestamp: 5 },
    ])
    expect(driver.counters.get('countries', 'records')).to.equal(4)
    await driver.close()
  })

  it('should leave out records without a key, and count them', async () => {
    const { counters } = await drivenTopics(globallyJoined(joinGlobal), [['global', null, 'Germany', 1]])
    expect(counters.get('countries', 'null-key')).to.equal(1)
    expect(counters.get('countries', 'records')).to.equal(0)
  })

  it('should go on without a row that can’t be read, and count it', async () => {
    const driver = await testDriver(globallyJoined(joinGlobal))
    const unreadable = { key: Buffer.from('de'), value: Buffer.from('{'), headers: [], timestamp: 2 }
    await driver.pipe('global', { key: 'de', value: 'Germany', timestamp: 1 })
    driver.writeRaw({ topic: 'global', ...unreadable })
    await driver.pipe('stream', { key: 'a', value: order('o', 'de'), timestamp: 3 })
    expect(driver.read('out').map(({ value }) => value)).to.deep.equal(['o+Germany'])
    expect(driver.counters.get('countries', 'refused')).to.equal(1)
    await driver.close()
  })

  it('should have all rows in every partition', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const inputs = names.map((name, time) => ['stream', name, order(name, 'de'), time] as const)
    const { out } = await drivenTopics(
      globallyJoined(joinGlobal),
      [['global', 'de', 'Germany', 1], ...inputs],
      {
        partitions: 3,
      },
    )
    expect(out).to.have.lengthOf(names.length)
  })
})
