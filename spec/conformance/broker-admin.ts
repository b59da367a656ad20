import { expect } from 'chai'
import type { BrokerSuite } from './broker.ts'
import { numbered, uniqueName } from './broker-harness.ts'

export function adminCases({ harness }: BrokerSuite): void {
  describe('admin', () => {
    it('should create a topic that can be written to at once', async () => {
      const topic = await harness().topic(3)
      await harness().produce(numbered(topic, 1))
      expect(await harness().broker.admin.topics([topic])).to.deep.equal([{ topic, partitions: 3 }])
    })

    it('should leave an existing topic as it is', async () => {
      const topic = await harness().topic(2)
      await harness().broker.admin.createTopic({ topic, partitions: 5 })
      expect(await harness().broker.admin.topics([topic])).to.deep.equal([{ topic, partitions: 2 }])
    })

    it('should create a topic once when two ask for it at the same time', async () => {
      const spec = { topic: uniqueName('conformance'), partitions: 2 }
      const { admin } = harness().broker
      await Promise.all([admin.createTopic(spec), admin.createTopic(spec)])
      expect(await admin.topics([spec.topic])).to.deep.equal([spec])
    })

    it('should tell only of those topics that exist', async () => {
      const topic = await harness().topic()
      const found = await harness().broker.admin.topics([uniqueName('missing'), topic])
      expect(found.map((info) => info.topic)).to.deep.equal([topic])
    })

    it('should tell the offsets of every partition', async () => {
      const topic = await harness().topic(2)
      await harness().produce(numbered(topic, 5, { partition: 1 }))
      expect(await harness().broker.admin.offsets(topic)).to.deep.equal([
        { partition: 0, earliest: 0, end: 0 },
        { partition: 1, earliest: 0, end: 5 },
      ])
    })

    it('should know no position of a group that never committed', async () => {
      const topic = await harness().topic()
      expect(await harness().broker.admin.committed(uniqueName('group'), [topic])).to.deep.equal([])
    })
  })
}
