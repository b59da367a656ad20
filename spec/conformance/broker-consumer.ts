import { expect } from 'chai'
import { MillraceError } from '../../lib/errors.ts'
import type { BrokerSuite } from './broker.ts'
import { numbered, record, uniqueName } from './broker-harness.ts'

export function consumerCases({ harness }: BrokerSuite): void {
  describe('consumer', () => {
    it('should deliver every record once and in order, after telling the assignment', async () => {
      const topic = await harness().topic(2)
      await harness().produce(numbered(topic, 200).map((out, i) => ({ ...out, partition: i % 2 })))
      const { seen } = await harness().consume({ group: uniqueName('group'), topics: [topic] })
      await seen.until(({ records }) => records.length >= 200)
      expect(seen.events[0]).to.equal('assigned')
      expect(seen.assignments[0]!.positions.map(({ offset }) => offset)).to.deep.equal([0, 0])
      for (const partition of [0, 1]) {
        const offsets = seen.records.filter((raw) => raw.partition === partition).map(({ offset }) => offset)
        expect(offsets).to.deep.equal(Array.from({ length: 100 }, (_, i) => i))
      }
    })

    it('should tell where each batch ends, its size and its assignment', async () => {
      const topic = await harness().topic()
      await harness().produce([
        record(topic, '12345', { key: Buffer.from('678'), headers: [['h', Buffer.from('9')]] }),
      ])
      const { seen } = await harness().consume({ group: uniqueName('group'), topics: [topic] })
      await seen.until(({ records }) => records.length === 1)
      const { next, bytes, generation } = seen.batches[0]!
      expect({ next, bytes, generation }).to.deep.equal({ next: 1, bytes: 10, generation: seen.generation })
    })

    it('should deliver what is written later', async () => {
      const topic = await harness().topic()
      const { seen } = await harness().consume({ group: uniqueName('group'), topics: [topic] })
      await seen.until(({ assignments }) => assignments.length === 1)
      await harness().produce([record(topic, 'late')])
      await seen.until(({ values }) => values.includes('late'))
    })

    it('should start at the end when told so', async () => {
      const topic = await harness().topic()
      await harness().produce([record(topic, 'before')])
      const { seen } = await harness().consume({
        group: uniqueName('group'),
        topics: [topic],
        startAt: 'latest',
      })
      await seen.until(({ assignments }) => assignments.length === 1)
      await harness().produce([record(topic, 'after')])
      await seen.until(({ records }) => records.length > 0)
      expect(seen.values).to.deep.equal(['after'])
    })

    it('should refuse to choose a start when told so', async () => {
      const topic = await harness().topic()
      const { seen } = await harness().consume({
        group: uniqueName('group'),
        topics: [topic],
        startAt: 'error',
      })
      const error = await seen.untilFailed()
      expect(error).to.be.instanceOf(MillraceError).with.property('code', 'DATA_LOSS')
      expect(seen.events).to.deep.equal(['failed'])
    })

    it('should go on from the committed positions', async () => {
      const topic = await harness().topic(2)
      const group = uniqueName('group')
      await harness().produce(numbered(topic, 10).map((out, i) => ({ ...out, partition: i % 2 })))
      const first = await harness().consume({ group, topics: [topic] })
      await first.seen.until(({ records }) => records.length === 10)
      await first.consumer.commit(first.seen.generation, [
        { topic, partition: 0, offset: 5 },
        { topic, partition: 1, offset: 2 },
      ])
      await first.consumer.stop()
      expect(await harness().broker.admin.committed(group, [topic])).to.have.deep.members([
        { topic, partition: 0, offset: 5 },
        { topic, partition: 1, offset: 2 },
      ])
      const second = await harness().consume({ group, topics: [topic], startAt: 'error' })
      await second.seen.until(({ records }) => records.length === 3)
      expect(second.seen.values).to.deep.equal(['5', '7', '9'])
    })

    it('should refuse a committed position that the partition does not hold', async () => {
      const topic = await harness().topic()
      const group = uniqueName('group')
      await harness().produce(numbered(topic, 3))
      const first = await harness().consume({ group, topics: [topic] })
      await first.seen.until(({ records }) => records.length === 3)
      await first.consumer.commit(first.seen.generation, [{ topic, partition: 0, offset: 99 }])
      await first.consumer.stop()
      const second = await harness().consume({ group, topics: [topic] })
      const error = await second.seen.untilFailed()
      expect(error).to.be.instanceOf(MillraceError).with.property('code', 'DATA_LOSS')
      expect(String(error)).to.include(`${topic}/0/99`)
      expect(second.seen.records).to.deep.equal([])
    })

    it('should stop fetching a paused partition, and go on where it was', async () => {
      const topic = await harness().topic(2)
      await harness().produce([0, 1].map((partition) => record(topic, `old-${partition}`, { partition })))
      const { consumer, seen } = await harness().consumePaused({
        group: uniqueName('group'),
        topics: [topic],
      })
      await seen.until(({ values }) => values.includes('old-1'))
      await harness().produce([0, 1].map((partition) => record(topic, `new-${partition}`, { partition })))
      await seen.until(({ values }) => values.includes('new-1'))
      expect(seen.values).to.deep.equal(['old-1', 'new-1'])
      consumer.flow([{ topic, partition: 0 }], 'flowing')
      await seen.until(({ values }) => values.length === 4)
      expect(seen.values.slice(2)).to.deep.equal(['old-0', 'new-0'])
    })

    it('should say nothing more once it has stopped', async () => {
      const topic = await harness().topic()
      const { consumer, seen } = await harness().consume({ group: uniqueName('group'), topics: [topic] })
      await seen.until(({ assignments }) => assignments.length === 1)
      await consumer.stop()
      const told = seen.events.length
      await harness().produce([record(topic, 'unheard')])
      const other = await harness().consume({ group: uniqueName('group'), topics: [topic] })
      await other.seen.until(({ records }) => records.length === 1)
      expect(seen.events).to.have.length(told)
    })
  })
}
