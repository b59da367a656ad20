import { expect } from 'chai'
import { decodeUserData, encodeUserData } from '../../../connectors/kafka/user-data.ts'
import type { MemberData } from '../../../lib/broker/broker.ts'

const data: MemberData = {
  groups: [{ id: '0', topics: ['clicks'], stateful: true }],
  standbys: 1,
  held: Array.from({ length: 1000 }, (_, n) => ({ task: `0_${n}`, active: true, upTo: 12_345 })),
  process: 'here',
  endpoint: 'here:8080',
}

describe('user data of a Kafka group', () => {
  it('should come back as it was, and be small', () => {
    const bytes = encodeUserData(data)
    expect(decodeUserData<MemberData>(bytes)).to.deep.equal(data)
    expect(bytes.length).to.be.below(10_000)
  })

  it('should be unknown where nobody, another version or damage speaks: the group goes on without', () => {
    expect(encodeUserData(undefined).length).to.equal(0)
    const bytes = encodeUserData(data)
    const later = Buffer.concat([Buffer.of(bytes[0]! + 1), bytes.subarray(1)])
    for (const other of [null, undefined, Buffer.alloc(0), later, bytes.subarray(0, 50)]) {
      expect(decodeUserData(other)).to.equal(undefined)
    }
  })
})
