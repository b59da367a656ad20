import { expect } from 'chai'
import { foreignKeyLeftJoin } from '../../lib/index.ts'
import { joinedByReference, to } from '../support/driven-foreign-key-join.ts'
import { drivenTopics } from '../support/driven-topics.ts'
import { overSeveralPartitions } from '../support/foreign-key-partitions.ts'

describe('foreignKeyLeftJoin', () => {
  it('should join with null what refers to nothing, or to what is not there', async () => {
    const { out } = await drivenTopics(joinedByReference(foreignKeyLeftJoin), [
      ['left', 'a', to('p', 1), 1],
      ['right', 'p', 'r', 2],
      ['left', 'b', to(null, 2), 3],
      ['right', 'p', null, 4],
      ['left', 'a', null, 5],
      ['left', 'a', null, 6],
      ['left', 'b', to('?', 3), 7],
    ])
    expect(out).to.deep.equal([
      ['a', '1+null', 1],
      ['a', '1+r', 2],
      ['b', '2+null', 3],
      ['a', '1+null', 4],
      ['a', null, 5],
      ['b', '3+null', 7],
    ])
  })

  overSeveralPartitions(foreignKeyLeftJoin, true)
})
