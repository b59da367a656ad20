import { expect } from 'chai'
import { type Cluster, rememberingCoordinators } from '../../../../connectors/kafka/repairs/coordinators.ts'
import { stockFile } from '../stock-kafkajs.ts'

const TRANSACTION = 1
const WANTED = { groupId: 'id', coordinatorType: TRANSACTION }

type EosManagerOf = Parameters<typeof rememberingCoordinators>[0]

interface EosManager {
  initProducerId(): Promise<void>
  beginTransaction(): void
  sendOffsets(offsets: { consumerGroupId: string; topics: readonly unknown[] }): Promise<void>
  commit(): Promise<void>
}

/** A cluster whose coordinator is the broker named, and who was asked for it. */
function clusterOf() {
  const asked: string[] = []
  const done: string[] = []
  const brokerOf = (nodeId: string) => {
    const answer = (what: string) => async () => {
      done.push(`${nodeId} ${what}`)
      return { producerId: 1, producerEpoch: 0 }
    }
    return {
      nodeId,
      initProducerId: answer('init'),
      addOffsetsToTxn: answer('add'),
      txnOffsetCommit: answer('offsets'),
      endTxn: answer('end'),
    }
  }
  const cluster = {
    leader: 'a',
    retry: { retries: 0 },
    refreshMetadataIfNecessary: async () => {},
    findControllerBroker: async () => brokerOf('c'),
    findBroker: async ({ nodeId }: { nodeId: string }) => brokerOf(nodeId),
    findGroupCoordinator: async ({ groupId }: { groupId: string }) => {
      asked.push(groupId)
      return brokerOf(cluster.leader)
    },
  }
  return { cluster, asked, done }
}

describe('kafkajs repair: coordinators', () => {
  it('should ask for a coordinator once a second, and not for each request', async () => {
    const { cluster, asked } = clusterOf()
    let now = 0
    let found: Cluster | undefined
    rememberingCoordinators(
      ({ cluster }) => {
        found = cluster
      },
      () => now,
    )({ cluster })
    const nodes: string[] = []
    for (now of [0, 500, 999, 1000, 1500]) {
      nodes.push((await found!.findGroupCoordinator(WANTED)).nodeId)
      cluster.leader = 'b'
    }
    expect(nodes).to.deep.equal(['a', 'a', 'a', 'b', 'b'])
    expect(asked).to.have.length(2)
    await found!.findGroupCoordinator({ ...WANTED, coordinatorType: 0 })
    expect(asked).to.have.length(3)
  })

  it('should be what a transaction of kafkajs needs, with half of the questions', async () => {
    const stock = stockFile<EosManagerOf>('producer/eosManager')
    const asks = async (factory: EosManagerOf) => {
      const { cluster, asked, done } = clusterOf()
      const logger = { debug() {}, error() {} }
      const options = { logger, cluster, transactional: true, transactionalId: 'id' }
      const manager = factory(options) as EosManager
      await manager.initProducerId()
      manager.beginTransaction()
      await manager.sendOffsets({ consumerGroupId: 'group', topics: [] })
      await manager.commit()
      return { asked, done }
    }
    const [before, after] = [await asks(stock), await asks(rememberingCoordinators(stock))]
    expect(before.asked).to.deep.equal(['id', 'id', 'group', 'id'])
    expect(after.asked).to.deep.equal(['id', 'group'])
    expect(after.done).to.deep.equal(before.done)
  })
})
