import { expect } from 'chai'
import fc from 'fast-check'
import {
  chunkKey,
  offsetIn,
  partitionIn,
  positionKey,
  positionRange,
} from '../../../../connectors/embedded/log/keys.ts'

describe('keys of the embedded log', () => {
  it('should lie in the order of topic, partition and offset', () => {
    const id = fc.nat({ max: 0xffffffff })
    const part = fc.tuple(id, id, fc.maxSafeNat())
    fc.assert(
      fc.property(part, part, (a, b) => {
        const [first, second] = [a, b].map(([topicId, partition, offset]) =>
          chunkKey({ topicId, partition }, offset),
        )
        const order = a.map((number, i) => Math.sign(number - b[i]!)).find((sign) => sign !== 0) ?? 0
        expect(Buffer.compare(first!, second!)).to.equal(order)
        expect(offsetIn(first!)).to.equal(a[2])
      }),
    )
  })

  it('should find the positions of a group in a topic, and no others', () => {
    const { gte, lte } = positionRange('group', 'topic')
    const lies = (key: Buffer) => Buffer.compare(key, gte) >= 0 && Buffer.compare(key, lte) <= 0
    for (const partition of [0, 1, 255, 0xffffffff]) {
      const key = positionKey('group', 'topic', partition)
      expect(lies(key)).to.equal(true)
      expect(partitionIn(key)).to.equal(partition)
    }
    const others = [
      ['group', 'topic2'],
      ['group2', 'topic'],
      ['grou', 'ptopic'],
      ['group', 'topi'],
    ] as const
    for (const [group, topic] of others) expect(lies(positionKey(group, topic, 1))).to.equal(false)
  })
})
