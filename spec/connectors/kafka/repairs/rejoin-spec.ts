import { expect } from 'chai'
import { type ConsumerGroup, hookRejoin, repairRejoin } from '../../../../connectors/kafka/repairs/rejoin.ts'
import { stockFile } from '../stock-kafkajs.ts'

type GroupClass = { readonly prototype: ConsumerGroup }

/** A group whose own joining is replaced, so that only what comes before it is seen. */
function groupThat(join: (group: ConsumerGroup) => void): ConsumerGroup {
  const { prototype } = stockFile<GroupClass>('consumer/consumerGroup')
  expect(prototype.joinAndSync).to.be.a('function')
  prototype.joinAndSync = async function (this: ConsumerGroup) {
    join(this)
  }
  repairRejoin(prototype)
  return Object.assign(Object.create(prototype) as ConsumerGroup, { cluster: {}, memberId: null })
}

describe('kafkajs repair: rejoin', () => {
  it('should join only when the work in hand is finished, as the member it was', async () => {
    const events: string[] = []
    const work = Promise.withResolvers<void>()
    const group = groupThat(({ memberId }) => events.push(`joined as ${memberId}`))
    hookRejoin(group.cluster, { beforeJoin: () => work.promise, lastMemberId: 'm1' })
    const joining = group.joinAndSync()
    events.push('finished')
    work.resolve()
    await joining
    expect(events).to.deep.equal(['finished', 'joined as m1'])
  })

  it('should keep the member that it is', async () => {
    const joined: unknown[] = []
    const group = groupThat(({ memberId }) => joined.push(memberId))
    group.memberId = 'm2'
    hookRejoin(group.cluster, { beforeJoin: async () => {}, lastMemberId: 'm1' })
    await group.joinAndSync()
    expect(joined).to.deep.equal(['m2'])
  })

  it('should leave groups alone that have no hooks', async () => {
    const joined: unknown[] = []
    await groupThat(({ memberId }) => joined.push(memberId)).joinAndSync()
    expect(joined).to.deep.equal([null])
  })
})
