import { expect } from 'chai'
import type { BrokerSuite } from './broker.ts'
import { numbered, record, uniqueName } from './broker-harness.ts'
import { Collector } from './collector.ts'
import { failureOf } from './failure-of.ts'

export function groupCases({ harness, has }: BrokerSuite): void {
  if (!has('many-members')) return
  describe('group', () => {
    it('should divide the partitions among its members', async () => {
      const topic = await harness().topic(4)
      const group = uniqueName('group')
      const first = await harness().consume({ group, topics: [topic] })
      await first.seen.until(({ owned }) => owned.length === 4)
      const second = await harness().consume({ group, topics: [topic] })
      await second.seen.until(({ owned }) => owned.length === 2)
      await first.seen.until(({ owned }) => owned.length === 2)
      expect([...first.seen.owned, ...second.seen.owned].sort()).to.deep.equal(
        [0, 1, 2, 3].map((p) => `${topic}/${p}`),
      )
    })

    it('should revoke an assignment before it gives the next', async () => {
      const topic = await harness().topic(2)
      const group = uniqueName('group')
      const first = await harness().consume({ group, topics: [topic] })
      await first.seen.until(({ owned }) => owned.length === 2)
      await harness().consume({ group, topics: [topic] })
      await first.seen.until(({ assignments }) => assignments.length === 2)
      expect(first.seen.events.filter((event) => event !== 'batch')).to.deep.equal([
        'assigned',
        'revoked',
        'assigned',
      ])
      const [old, current] = first.seen.assignments
      expect(current!.generation).to.be.greaterThan(old!.generation)
    })

    it('should wait for work in hand to be committed before it gives partitions away', async () => {
      const topic = await harness().topic(2)
      const group = uniqueName('group')
      await harness().produce([0, 1].map((partition) => record(topic, 'once', { partition })))
      const consumer = harness().consumer({ group, topics: [topic] })
      const commitAll = ({ generation, positions }: Collector) => consumer.commit(generation, positions)
      const seen = new Collector(() => {}, commitAll)
      await consumer.start(seen)
      await seen.until(({ records }) => records.length === 2)
      const second = await harness().consume({ group, topics: [topic], startAt: 'error' })
      await second.seen.until(({ owned }) => owned.length === 1)
      expect(second.seen.assignments[0]!.positions[0]!.offset).to.equal(1)
    })

    it('should read the positions after the partitions are taken', async () => {
      const topic = await harness().topic(1)
      const group = uniqueName('group')
      await harness().produce(numbered(topic, 3, { partition: 0 }))
      const first = await harness().consume({ group, topics: [topic] })
      await first.seen.until(({ records }) => records.length === 3)
      const { generation } = first.seen
      const task = { id: uniqueName('task'), group }
      const earlier = await harness().broker.transactions(task)
      first.seen.beforePositions = async () => {
        await earlier.commit([{ topic, partition: 0, offset: 2 }])
        // Kafka shows what a transaction has committed for certain when its id has been opened again.
        const next = await harness().broker.transactions(task)
        await next.close()
      }
      first.consumer.retake(generation)
      await first.seen.until(({ assignments }) => assignments.length === 2)
      await earlier.close()
      expect(first.seen.takings).to.deep.equal([[`${topic}/0`], [`${topic}/0`]])
      expect(first.seen.assignments[1]!.positions[0]!.offset).to.equal(2)
    })

    it('should keep what is said beside a position, whoever commits it', async () => {
      const topic = await harness().topic(3)
      const group = uniqueName('group')
      await harness().produce([record(topic, 'one', { partition: 0 })])
      const { consumer, seen } = await harness().consume({ group, topics: [topic] })
      await seen.until(({ records }) => records.length === 1)
      await consumer.commit(seen.generation, [
        { topic, partition: 0, offset: 1, metadata: 'a member’s' },
        { topic, partition: 1, offset: 0 },
      ])
      const { admin } = harness().broker
      expect(await admin.committed(group, [topic])).to.have.deep.members([
        { topic, partition: 0, offset: 1, metadata: 'a member’s' },
        { topic, partition: 1, offset: 0 },
      ])
      const id = uniqueName('task')
      const producer = await harness().broker.transactions({ id, group })
      await producer.commit([{ topic, partition: 1, offset: 0, metadata: 'a transaction’s' }])
      await producer.close()
      // Kafka shows what a transaction has committed for certain when its id has been opened again.
      await (await harness().broker.transactions({ id, group })).close()
      await harness().stopConsumers()
      await harness().broker.upkeep.setPositions(group, [
        { topic, partition: 2, offset: 0, metadata: 'a tool’s' },
      ])
      const kept = (await admin.committed(group, [topic])).map(({ partition, metadata }) => [
        partition,
        metadata,
      ])
      expect(kept).to.have.deep.members([
        [0, 'a member’s'],
        [1, 'a transaction’s'],
        [2, 'a tool’s'],
      ])
    })

    it('should begin an assignment anew from what is committed, without the group', async () => {
      const topic = await harness().topic(2)
      const group = uniqueName('group')
      await harness().produce(numbered(topic, 5, { partition: 0 }))
      const { consumer, seen } = await harness().consume({ group, topics: [topic] })
      await seen.until(({ records }) => records.length === 5)
      const old = seen.generation
      await consumer.commit(old, [{ topic, partition: 0, offset: 2 }])
      consumer.retake(old)
      // Asked twice, or too late, it changes nothing.
      consumer.retake(old)
      await seen.until(({ records }) => records.length === 8)
      expect(seen.events.filter((event) => event !== 'batch')).to.deep.equal([
        'assigned',
        'revoked',
        'assigned',
      ])
      expect(seen.generation).to.be.greaterThan(old)
      expect(seen.values).to.deep.equal([...seen.values.slice(0, 5), ...seen.values.slice(2, 5)])
      const late = await failureOf(consumer.commit(old, [{ topic, partition: 0, offset: 5 }]))
      expect(late.code).to.equal('FENCED')
    })

    it('should refuse a commit under an older assignment', async () => {
      const topic = await harness().topic(2)
      const group = uniqueName('group')
      await harness().produce(numbered(topic, 1, { partition: 0 }))
      const { consumer, seen } = await harness().consume({ group, topics: [topic] })
      await seen.until(({ records }) => records.length === 1)
      const old = seen.generation
      await harness().consume({ group, topics: [topic] })
      await seen.until(({ assignments }) => assignments.length === 2)
      const error = await failureOf(consumer.commit(old, seen.positions))
      expect(error.code).to.equal('FENCED')
      expect(await harness().broker.admin.committed(group, [topic])).to.deep.equal([])
    })

    it('should hand on the partitions of a member that leaves, from what it committed', async () => {
      const topic = await harness().topic(2)
      const group = uniqueName('group')
      const first = await harness().consume({ group, topics: [topic] })
      const second = await harness().consume({ group, topics: [topic] })
      await first.seen.until(({ owned }) => owned.length === 1)
      await second.seen.until(({ owned }) => owned.length === 1)
      await harness().produce([0, 1].map((partition) => record(topic, `done-${partition}`, { partition })))
      for (const { consumer, seen } of [first, second]) {
        await seen.until(({ records }) => records.length === 1)
        await consumer.commit(seen.generation, seen.positions)
      }
      await first.consumer.stop()
      await second.seen.until(({ owned }) => owned.length === 2)
      await harness().produce([0, 1].map((partition) => record(topic, `new-${partition}`, { partition })))
      await second.seen.until(({ records }) => records.length === 3)
      expect(second.seen.values.slice(1).sort()).to.deep.equal(['new-0', 'new-1'])
    })

    it('should keep partition n of every topic with one member', async () => {
      const topics = [await harness().topic(3), await harness().topic(3)]
      const group = uniqueName('group')
      const first = await harness().consume({ group, topics })
      const second = await harness().consume({ group, topics })
      await second.seen.until(({ owned }) => owned.length > 0)
      await first.seen.until(({ owned }) => owned.length < 6)
      for (const { seen } of [first, second]) {
        const byTopic = topics.map((topic) =>
          seen.owned
            .filter((name) => name.startsWith(topic))
            .map(partitionOf)
            .sort(),
        )
        expect(byTopic[0]).to.deep.equal(byTopic[1])
      }
    })
  })
}

function partitionOf(name: string): string {
  return name.slice(name.indexOf('/') + 1)
}
