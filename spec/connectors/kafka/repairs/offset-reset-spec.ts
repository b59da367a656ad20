import { expect } from 'chai'
import { type OffsetManager, repairOffsetReset } from '../../../../connectors/kafka/repairs/offset-reset.ts'
import { failureOf } from '../../../conformance/failure-of.ts'
import { stockFile } from '../stock-kafkajs.ts'

type ManagerClass = new (options: object) => OffsetManager

/** Just what the manager uses of its coordinator: what would be committed is kept. */
function managerOf(repaired: boolean, commits: unknown[]): OffsetManager {
  const Manager = stockFile<ManagerClass>('consumer/offsetManager')
  if (repaired) repairOffsetReset(Manager.prototype)
  return new Manager({
    cluster: { defaultOffset: () => -2, committedOffsets: () => ({}) },
    coordinator: { isConnected: () => true, offsetCommit: async (commit: unknown) => commits.push(commit) },
    memberAssignment: { orders: [0] },
    topicConfigurations: { orders: { fromBeginning: true } },
    groupId: 'g',
  })
}

describe('kafkajs repair: offset reset', () => {
  it('should refuse what the stock client resets silently', async () => {
    const commits: unknown[] = []
    await managerOf(false, commits).setDefaultOffset({ topic: 'orders', partition: 0 })
    expect(JSON.stringify(commits)).to.include('"offset":-2')

    const none: unknown[] = []
    const error = await failureOf(managerOf(true, none).setDefaultOffset({ topic: 'orders', partition: 0 }))
    expect(error.code).to.equal('DATA_LOSS')
    expect(error.message).to.include('orders/0')
    expect(none).to.deep.equal([])
  })
})
