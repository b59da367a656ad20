import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { Admin } from 'kafkajs'
import { kafkaBroker } from '../../../connectors/kafka/broker.ts'
import type { Broker } from '../../../lib/broker/broker.ts'
import { MillraceError } from '../../../lib/errors.ts'
import { BrokerHarness, numbered, record, uniqueName } from '../../conformance/broker-harness.ts'
import { Collector } from '../../conformance/collector.ts'
import { failureOf } from '../../conformance/failure-of.ts'
import { servers } from '../../support/servers.ts'
import { until } from '../../support/until.ts'
import { stockKafkajs } from './stock-kafkajs.ts'

const { Kafka, logLevel } = stockKafkajs()
/** The shortest session that Kafka grants by default. */
const SESSION_MS = 6_000

describe('Kafka consumer', () => {
  let broker: Broker
  let harness: BrokerHarness
  let admin: Admin

  before(async () => {
    const brokers = servers().kafkaBrokers.split(',')
    admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    broker = kafkaBroker({ brokers, timing: { session: SESSION_MS, heartbeat: 1_000, metadataMaxAge: 500 } })
    harness = new BrokerHarness(broker)
  })
  afterEach(() => harness.stopConsumers())
  after(async () => {
    await broker?.close()
    await admin?.disconnect()
  })

  async function deleteBefore(topic: string, offset: number): Promise<void> {
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
  }

  it('should read partitions that are added later from their first record', async () => {
    const topic = await harness.topic(1)
    const { seen } = await harness.consume({ group: uniqueName('group'), topics: [topic] })
    await seen.until(({ owned }) => owned.length === 1)
    await admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] })
    await until('brokers know the new partition', async () => {
      return (await broker.admin.topics([topic]))[0]?.partitions === 2
    })
    await harness.produce([record(topic, 'first in the new partition', { partition: 1 })])
    await seen.until(({ values }) => values.includes('first in the new partition'))
  })

  it('should keep its partitions however long the listener takes to process', async () => {
    const topic = await harness.topic(1)
    const group = uniqueName('group')
    await harness.produce(numbered(topic, 10))
    const { consumer, seen } = await harness.consume({ group, topics: [topic] })
    await seen.until(({ records }) => records.length === 10)
    consumer.flow([{ topic, partition: 0 }], 'paused')
    await delay(SESSION_MS * 1.5)
    await consumer.commit(seen.generation, seen.positions)
    expect(seen.events.filter((event) => event !== 'batch')).to.deep.equal(['assigned'])
    expect(await broker.admin.committed(group, [topic])).to.deep.equal([{ topic, partition: 0, offset: 10 }])
  })

  it('should fail when the records it wants next are deleted, and not commit anything', async () => {
    const topic = await harness.topic(1)
    const group = uniqueName('group')
    await harness.produce(numbered(topic, 5))
    const { consumer, seen } = await harness.consumePaused({ group, topics: [topic] })
    await seen.until(({ assignments }) => assignments.length === 1)
    await deleteBefore(topic, 3)
    consumer.flow([{ topic, partition: 0 }], 'flowing')
    const error = await seen.untilFailed()
    expect(error).to.be.instanceOf(MillraceError).with.property('code', 'DATA_LOSS')
    expect(seen.records).to.deep.equal([])
    expect(await broker.admin.committed(group, [topic])).to.deep.equal([])
  })

  it('should refuse a committed position whose records are deleted', async () => {
    const topic = await harness.topic(1)
    const group = uniqueName('group')
    await harness.produce(numbered(topic, 5))
    const first = await harness.consume({ group, topics: [topic] })
    await first.seen.until(({ assignments }) => assignments.length === 1)
    await first.consumer.commit(first.seen.generation, [{ topic, partition: 0, offset: 1 }])
    await first.consumer.stop()
    await deleteBefore(topic, 3)
    const { seen } = await harness.consume({ group, topics: [topic] })
    const error = await seen.untilFailed()
    expect(error).to.be.instanceOf(MillraceError).with.property('code', 'DATA_LOSS')
    expect(String(error)).to.include(`${topic}/0/1`)
  })

  it('should refuse a topic that does not exist', async () => {
    const topic = uniqueName('missing')
    const error = await failureOf(harness.consume({ group: uniqueName('group'), topics: [topic] }))
    expect(error.code).to.equal('MISSING')
    expect(await broker.admin.topics([topic])).to.deep.equal([])
  })

  it('should stop for good while it waits to start again', async () => {
    const topic = await harness.topic(1)
    await harness.produce(numbered(topic, 1))
    const stopping = Promise.withResolvers<void>()
    const own = kafkaBroker({
      brokers: servers().kafkaBrokers.split(','),
      logger: ({ message }) => {
        if (message.includes('starts again')) stopping.resolve(consumer.stop())
      },
    })
    const consumer = own.consumer({ group: uniqueName('group'), topics: [topic], startAt: 'earliest' })
    const listener = new Collector()
    // The one way to end a session from outside, once.
    listener.batch = () => {
      throw new MillraceError('UNREACHABLE', 'as if the broker were away')
    }
    await consumer.start(listener)
    await stopping.promise
    await own.close()
  })

  it('should say in time, and with the cure, that no broker answers', async () => {
    const away = kafkaBroker({ brokers: ['127.0.0.1:1'], connectTimeoutMs: 1_000 })
    const consumer = away.consumer({ group: 'g', topics: ['t'], startAt: 'earliest' })
    for (const attempt of [consumer.start(new Collector()), away.producer({}), away.admin.topics(['t'])]) {
      const error = await failureOf(attempt)
      expect(error.code).to.equal('UNREACHABLE')
      expect(error.message).to.include('127.0.0.1:1').and.include('KAFKA_BROKERS')
    }
    await away.close()
  })
})
