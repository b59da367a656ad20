import { expect } from 'chai'
import type { Position } from '../../lib/record.ts'
import { until } from '../support/until.ts'
import type { BrokerSuite } from './broker.ts'
import { numbered, record, uniqueName } from './broker-harness.ts'
import { failureOf } from './failure-of.ts'

export function upkeepCases({ harness }: BrokerSuite): void {
  describe('upkeep', () => {
    const upkeep = () => harness().broker.upkeep
    const admin = () => harness().broker.admin
    const at = (topic: string, offset: number, partition = 0): Position => ({ topic, partition, offset })

    it('should find the first record of a time or later, or the end', async () => {
      const topic = await harness().topic(2)
      const times = [1000, 3000, 2000, 4000]
      await harness().produce(times.map((timestamp) => record(topic, 'v', { timestamp, partition: 1 })))
      const since = async (time: number) => (await upkeep().offsetsForTime(topic, time))[1]!.offset
      expect(await Promise.all([0, 1000, 1001, 3001, 4001].map(since))).to.deep.equal([0, 0, 1, 3, 4])
      expect(await upkeep().offsetsForTime(topic, 0)).to.deep.equal([at(topic, 0, 0), at(topic, 0, 1)])
    })

    it('should delete a topic, and do nothing about one that is not there', async () => {
      const topic = await harness().topic()
      await harness().produce(numbered(topic, 3))
      await upkeep().deleteTopic(topic)
      expect(await admin().topics([topic])).to.deep.equal([])
      await upkeep().deleteTopic(topic)
    })

    it('should find nothing of a deleted topic in one of the same name, positions of groups neither', async () => {
      const topic = await harness().topic()
      const group = uniqueName('group')
      await harness().produce(numbered(topic, 3))
      await upkeep().setPositions(group, [at(topic, 3)])
      await upkeep().deleteTopic(topic)
      await admin().createTopic({ topic, partitions: 2 })
      await until(
        'the positions are gone',
        async () => (await admin().committed(group, [topic])).length === 0,
      )
      expect(await admin().offsets(topic)).to.deep.equal([
        { partition: 0, earliest: 0, end: 0 },
        { partition: 1, earliest: 0, end: 0 },
      ])
    })

    it('should let go of the records before a position, and of none behind it', async () => {
      const topic = await harness().topic()
      for (let send = 0; send < 3; send++) await harness().produce(numbered(topic, 5))
      await upkeep().deleteRecords([at(topic, 7)])
      expect(await admin().offsets(topic)).to.deep.equal([{ partition: 0, earliest: 7, end: 15 }])
      expect((await harness().readAll(topic)).map(({ offset }) => offset)).to.deep.equal([
        7, 8, 9, 10, 11, 12, 13, 14,
      ])
      await upkeep().deleteRecords([at(topic, 2)])
      expect(await admin().offsets(topic)).to.deep.equal([{ partition: 0, earliest: 7, end: 15 }])
      await upkeep().deleteRecords([at(topic, 15)])
      expect(await admin().offsets(topic)).to.deep.equal([{ partition: 0, earliest: 15, end: 15 }])
      await harness().produce(numbered(topic, 1))
      expect((await harness().readAll(topic)).map(({ offset }) => offset)).to.deep.equal([15])
    })

    it('should refuse to delete records behind the end, and of what is not there', async () => {
      const topic = await harness().topic()
      expect((await failureOf(upkeep().deleteRecords([at(topic, 1)]))).code).to.equal('DATA_LOSS')
      expect((await failureOf(upkeep().deleteRecords([at(uniqueName('missing'), 0)]))).code).to.equal(
        'MISSING',
      )
    })

    it('should know the members of a group', async () => {
      const topic = await harness().topic()
      const group = uniqueName('group')
      expect(await upkeep().members(group)).to.deep.equal([])
      const { consumer, seen } = await harness().consume({ group, topics: [topic] })
      await seen.until(({ assignments }) => assignments.length > 0)
      const [member, ...others] = await upkeep().members(group)
      expect(others).to.deep.equal([])
      expect(member!.clientId).to.be.a('string').that.is.not.empty
      expect(member!.host).to.be.a('string').that.is.not.empty
      await consumer.stop()
      expect(await upkeep().members(group)).to.deep.equal([])
    })

    it('should set the positions of a group that nobody is in', async () => {
      const topic = await harness().topic(2)
      const group = uniqueName('group')
      await harness().produce(numbered(topic, 4, { partition: 1 }))
      await upkeep().setPositions(group, [at(topic, 0, 0), at(topic, 2, 1)])
      const { seen } = await harness().consume({ group, topics: [topic] })
      await seen.until(({ records }) => records.length === 2)
      expect(seen.records.map(({ offset }) => offset)).to.deep.equal([2, 3])
    })

    it('should refuse to set positions of a group with members', async () => {
      const topic = await harness().topic()
      const group = uniqueName('group')
      const { seen } = await harness().consume({ group, topics: [topic] })
      await seen.until(({ assignments }) => assignments.length > 0)
      expect((await failureOf(upkeep().setPositions(group, [at(topic, 0)]))).code).to.equal('FENCED')
      expect(await admin().committed(group, [topic])).to.deep.equal([])
    })
  })
}
