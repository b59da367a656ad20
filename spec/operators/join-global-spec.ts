import { expect } from 'chai'
import { joinGlobal, json, leftJoinGlobal, sink, topic, topology } from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/test-driver.ts'
import { drivenTopics } from '../support/driven-topics.ts'

interface Order {
  readonly name: string
  readonly country: string | null
}

const VERBS = { inner: joinGlobal, left: leftJoinGlobal }

/** Orders of any key with countries; "?" can't be told. */
function joining(type: keyof typeof VERBS) {
  return topology('spec', ({ source, globalTable }) => {
    const countries = globalTable('countries', topic('global', { value: json<string>() }))
    source('orders', topic('stream', { value: json<Order>() }), { nullValues: 'pass' }).pipe(
      VERBS[type](
        'joined',
        countries,
        ({ country }) => {
          if (country === '?') throw new Error('no country')
          return country
        },
        ({ name }, row: string | null) => `${name}+${row}`,
      ),
      sink('out', topic('out', { value: json() })),
    )
  })
}

const order = (name: string, country: string | null): Order => ({ name, country })

describe('joinGlobal', () => {
  it('should give nothing of nothing, and nothing of rows alone', async () => {
    expect((await drivenTopics(joining('inner'), [])).out).to.deep.equal([])
    expect((await drivenTopics(joining('inner'), [['global', 'de', 'Germany', 1]])).out).to.deep.equal([])
  })

  it('should find the row that arrived last by a key of the record’s choosing, without a key of its own too', async () => {
    const { out } = await drivenTopics(joining('inner'), [
      ['stream', 'k', order('too early', 'de'), 1],
      ['global', 'de', 'Germany', 100],
      ['stream', 'k', order('one', 'de'), 2],
      ['global', 'de', 'Deutschland', 0],
      ['stream', null, order('two', 'de'), 3],
      ['global', 'de', null, 0],
      ['stream', 'k', order('deleted', 'de'), 4],
    ])
    expect(out).to.deep.equal([
      ['k', 'one+Germany', 2],
      [null, 'two+Deutschland', 3],
    ])
  })

  it('should leave out records without a value, or that choose no key, and count them', async () => {
    const { out, counters } = await drivenTopics(joining('inner'), [
      ['stream', 'k', null, 1],
      ['stream', 'k', order('nowhere', null), 1],
    ])
    expect(out).to.deep.equal([])
    expect(counters.get('joined', 'null-value')).to.equal(1)
    expect(counters.get('joined', 'null-key')).to.equal(1)
  })

  it('should refuse the record whose key can’t be told, and go on', async () => {
    const { out, letters } = await drivenTopics(joining('inner'), [
      ['global', 'de', 'Germany', 1],
      ['stream', 'k', order('bad', '?'), 1],
      ['stream', 'k', order('good', 'de'), 1],
    ])
    expect(out).to.deep.equal([['k', 'good+Germany', 1]])
    expect(letters).to.deep.equal(['joined: Error: no country'])
  })

  it('should go on without a row that can’t be read, and count it', async () => {
    const driver = await testDriver(joining('inner'))
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
    const { out } = await drivenTopics(joining('inner'), [['global', 'de', 'Germany', 1], ...inputs], {
      partitions: 3,
    })
    expect(out).to.have.lengthOf(names.length)
  })
})

describe('leftJoinGlobal', () => {
  it('should join with null where there is no row, or no key was chosen', async () => {
    const { out } = await drivenTopics(joining('left'), [
      ['stream', 'k', order('early', 'de'), 1],
      ['stream', null, order('nowhere', null), 2],
      ['stream', 'k', null, 3],
      ['global', 'de', 'Germany', 9],
      ['stream', 'k', order('one', 'de'), 4],
    ])
    expect(out).to.deep.equal([
      ['k', 'early+null', 1],
      [null, 'nowhere+null', 2],
      ['k', 'one+Germany', 4],
    ])
  })
})
