import { expect } from 'chai'
import { leftJoinGlobal } from '../../lib/index.ts'
import { globallyJoined, order } from '../support/driven-global-join.ts'
import { drivenTopics } from '../support/driven-topics.ts'

describe('leftJoinGlobal', () => {
  it('should join with null where there is no row, or no key was chosen', async () => {
    const { out } = await drivenTopics(globallyJoined(leftJoinGlobal), [
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
