import { expect } from 'chai'
import { openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import { kafkaBroker } from '../../../connectors/kafka/broker.ts'
import type { Broker } from '../../../lib/broker/broker.ts'
import { numbered, record, uniqueName } from '../../conformance/broker-harness.ts'
import { Collector } from '../../conformance/collector.ts'
import { servers } from '../../support/servers.ts'
import { logFolder } from './log-folder.ts'
import { startOwner } from './owner.ts'

const RECORDS = 100_000
const SENT_AT_ONCE = 1000
const PARTITIONS = 4
const VALUE = 'v'.repeat(200)

interface Speed {
  readonly broker: string
  /** Records per second, every thousand of them acknowledged before the next are sent. */
  readonly produced: number
  /** Records per second, from joining the group to having read all. */
  readonly consumed: number
}

describe('throughput of the embedded log', () => {
  const speeds: Speed[] = []
  const own = logFolder()
  const others = logFolder()

  after(() => console.table(speeds))

  it('should be measured in process', async () => {
    speeds.push(await measure('embedded, in process', await openEmbeddedBroker({ dir: own })))
  })

  it('should be measured over the socket', async () => {
    const owner = await startOwner(others)
    speeds.push(await measure('embedded, over its socket', await openEmbeddedBroker({ dir: others })))
    await owner.stop()
  })

  it('should be measured beside Kafka', async () => {
    const broker = kafkaBroker({ brokers: servers().kafkaBrokers.split(',') })
    speeds.push(await measure('Kafka, by kafkajs', broker))
  })
})

async function measure(name: string, broker: Broker): Promise<Speed> {
  const topic = uniqueName('throughput')
  await broker.admin.createTopic({ topic, partitions: PARTITIONS })
  const records = numbered(topic, RECORDS).map((out, i) => ({
    ...record(topic, VALUE + i),
    key: Buffer.from(`${out.value}`),
    partition: i % PARTITIONS,
  }))
  const produced = await perSecond(() => produce(broker, records))
  const consumed = await perSecond(() => consume(broker, topic))
  await broker.close()
  return { broker: name, produced, consumed }
}

async function produce(broker: Broker, records: ReturnType<typeof numbered>): Promise<void> {
  const producer = await broker.producer({})
  for (let i = 0; i < records.length; i += SENT_AT_ONCE)
    await producer.send(records.slice(i, i + SENT_AT_ONCE))
  await producer.close()
}

async function consume(broker: Broker, topic: string): Promise<void> {
  const seen = new Collector()
  let count = 0
  seen.batch = ((deliver) => (batch) => {
    count += batch.records.length
    deliver.call(seen, { ...batch, records: [] })
  })(seen.batch)
  const consumer = broker.consumer({ group: uniqueName('group'), topics: [topic], startAt: 'earliest' })
  await consumer.start(seen)
  await seen.until(() => count >= RECORDS)
  await consumer.commit(seen.generation, seen.positions)
  await consumer.stop()
  expect(count).to.equal(RECORDS)
}

async function perSecond(work: () => Promise<void>): Promise<number> {
  const begun = performance.now()
  await work()
  return Math.round(RECORDS / ((performance.now() - begun) / 1000))
}
