import { expect } from 'chai'
import { joinGlobal } from '../../lib/index.ts'
import { globallyJoined, order } from '../support/driven-global-join.ts'
import { drivenTopics } from '../support/driven-topics.ts'

describe('joinGlobal', () => {
  it('should give nothing of nothing, and nothing of rows alone', async () => {
    expect((await drivenTopics(globallyJoined(joinGlobal), [])).out).to.deep.equal([])
    expect(
      (await drivenTopics(globallyJoined(joinGlobal), [['global', 'de', 'Germany', 1]])).out,
    ).to.deep.equal([])
  })

  it('should find the row that arrived last by a key of the record’s choosing, without a key of its own too', async () => {
    const { out } = await drivenTopics(globallyJoined(joinGlobal), [
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
    const { out, counters } = await drivenTopics(globallyJoined(joinGlobal), [
      ['stream', 'k', null, 1],
      ['stream', 'k', order('nowhere', null), 1],
    ])
    expect(out).to.deep.equal([])
    expect(counters.get('joined', 'null-value')).to.equal(1)
    expect(counters.get('joined', 'null-key')).to.equal(1)
  })

  it('should refuse the record whose key can’t be told, and go on', async () => {
    const { out, letters } = await drivenTopics(globallyJoined(joinGlobal), [
      ['global', 'de', 'Germany', 1],
      ['stream', 'k', order('bad', '?'), 1],
      ['stream', 'k', order('good', 'de'), 1],
    ])
    expect(out).to.deep.equal([['k', 'good+Germany', 1]])
    expect(letters).to.deep.equal(['joined: Error: no country'])
  })
})
