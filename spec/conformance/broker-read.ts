import { expect } from 'chai'
import type { BrokerSuite } from './broker.ts'
import { numbered } from './broker-harness.ts'
import { failureOf } from './failure-of.ts'

export function readCases({ harness }: BrokerSuite): void {
  describe('read', () => {
    it('should read exactly the given ranges', async () => {
      const topic = await harness().topic(3)
      for (const partition of [0, 1, 2]) await harness().produce(numbered(topic, 20, { partition }))
      const records = await harness().read([
        { topic, partition: 0, from: 5, to: 8 },
        { topic, partition: 2, from: 0, to: 20 },
      ])
      const places = records.map(({ partition, offset }) => `${partition}/${offset}`)
      const expected = [5, 6, 7].map((offset) => `0/${offset}`)
      for (let offset = 0; offset < 20; offset++) expected.push(`2/${offset}`)
      expect(places).to.have.members(expected).and.have.length(expected.length)
    })

    it('should say where each batch ends, up to the end of the range', async () => {
      const topic = await harness().topic()
      await harness().produce(numbered(topic, 20))
      const batches = await harness().readBatches([{ topic, partition: 0, from: 0, to: 13 }])
      expect(batches.at(-1)!.next).to.equal(13)
      for (const { generation } of batches) expect(generation).to.equal(0)
    })

    it('should read several ranges of one partition, in their order, and nothing between', async () => {
      const topic = await harness().topic(2)
      await harness().produce(numbered(topic, 900, { partition: 0 }))
      const ranges = [
        { topic, partition: 0, from: 700, to: 710 },
        { topic, partition: 0, from: 20, to: 23 },
        { topic, partition: 0, from: 300, to: 650 },
      ]
      const offsets = (await harness().read(ranges)).map(({ offset }) => offset)
      expect(offsets).to.deep.equal(
        ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, n) => from + n)),
      )
    })

    it('should read nothing for empty ranges', async () => {
      const topic = await harness().topic()
      expect(await harness().readBatches([{ topic, partition: 0, from: 0, to: 0 }])).to.deep.equal([])
      expect(await harness().readBatches([])).to.deep.equal([])
    })

    it('should refuse a range that is not held', async () => {
      const topic = await harness().topic()
      await harness().produce(numbered(topic, 2))
      const error = await failureOf(harness().read([{ topic, partition: 0, from: 0, to: 3 }]))
      expect(error.code).to.equal('DATA_LOSS')
      expect(error.message).to.include(`${topic}/0`)
    })

    it('should end when the reader has enough', async () => {
      const topic = await harness().topic()
      await harness().produce(numbered(topic, 3000, { key: Buffer.alloc(1000, 'k') }))
      for await (const batch of harness().broker.read([{ topic, partition: 0, from: 0, to: 3000 }])) {
        expect(batch.next).to.be.lessThan(3000)
        break
      }
      expect(await harness().readAll(topic)).to.have.length(3000)
    })
  })
}
