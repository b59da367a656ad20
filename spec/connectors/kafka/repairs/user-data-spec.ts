import { expect } from 'chai'
import {
  type AssignmentCodec,
  hookUserData,
  type JoiningGroup,
  repairUserData,
} from '../../../../connectors/kafka/repairs/user-data.ts'
import { beside, stockFile } from '../stock-kafkajs.ts'

interface Codec extends AssignmentCodec {
  encode(said: { version: number; assignment: Record<string, number[]>; userData: Buffer }): Buffer
}

type GroupClass = new (options: object) => JoiningGroup

const quiet = { debug() {}, info() {}, warn() {}, namespace: () => quiet }

/** kafkajs' own joining, with what a coordinator answers. */
function groups(repaired: boolean): (userData: string) => JoiningGroup {
  const ConsumerGroup = stockFile<GroupClass>('consumer/consumerGroup')
  const { MemberAssignment } = beside<{ MemberAssignment: Codec }>('consumer/assignerProtocol')
  if (repaired) repairUserData(ConsumerGroup.prototype, MemberAssignment)
  return (userData) => {
    const said = { version: 1, assignment: { orders: [0] }, userData: Buffer.from(userData) }
    const coordinator = {
      joinGroup: async () => ({ generationId: 1, leaderId: 'l', memberId: 'm', members: [] }),
      syncGroup: async () => ({ memberAssignment: MemberAssignment.encode(said) }),
    }
    const cluster = {
      findGroupCoordinator: async () => coordinator,
      findTopicPartitionMetadata: () => [{ partitionId: 0 }],
      committedOffsets: () => ({}),
    }
    const instrumentationEmitter = { emit() {} }
    const options = { topics: ['orders'], assigners: [], retry: { retries: 0 }, logger: quiet }
    return new ConsumerGroup({ ...options, cluster, instrumentationEmitter, groupId: 'g' })
  }
}

async function toldTo(repaired: boolean): Promise<string[]> {
  const told: string[] = []
  const group = groups(repaired)
  const joining = ['standbys 0_1', 'standbys 0_2'].map((userData, at) => {
    const one = group(userData)
    hookUserData(one.cluster, (bytes) => told.push(`${at}: ${bytes}`))
    return one.joinAndSync()
  })
  await Promise.all(joining)
  return told
}

describe('kafkajs repair: user data of an assignment', () => {
  it('should tell each group its own', async () => {
    expect(await toldTo(true)).to.deep.equal(['0: standbys 0_1', '1: standbys 0_2'])
  })

  it('should be needed: kafkajs drops it', async () => {
    expect(await toldTo(false)).to.deep.equal([])
  })

  it('should leave groups alone that have no hook', async () => {
    await groups(true)('standbys 0_1').joinAndSync()
  })
})
