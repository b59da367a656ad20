import { expect } from 'chai'
import type { Kafka, Message, Transaction } from 'kafkajs'
import { kafkaBroker } from '../../../connectors/kafka/broker.ts'
import type { Broker } from '../../../lib/broker/broker.ts'
import { BrokerHarness, uniqueName } from '../../conformance/broker-harness.ts'
import { servers } from '../../support/servers.ts'
import { stockKafkajs } from './stock-kafkajs.ts'

const { Kafka: StockKafka, logLevel } = stockKafkajs()

describe('Kafka: aborted transactions', () => {
  let stock: Kafka
  let broker: Broker
  let harness: BrokerHarness

  before(() => {
    const brokers = servers().kafkaBrokers.split(',')
    stock = new StockKafka({
      brokers,
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 20, retries: 20 },
    })
    broker = kafkaBroker({ brokers })
    harness = new BrokerHarness(broker)
  })
  afterEach(() => harness.stopConsumers())
  after(() => broker?.close())

  /** Two transactions, record by record in turn, both aborted (the second first); then one good record. */
  async function interleaved(topic: string, key: Buffer): Promise<void> {
    const [a, b, good] = [await begin(stock), await begin(stock), await begin(stock)]
    for (let i = 0; i < 10; i++) {
      await a.write(topic, { key, value: 'aborted', partition: 0 })
      await b.write(topic, { key: 'b', value: 'aborted', partition: 0 })
    }
    await b.end('abort')
    await a.end('abort')
    await good.write(topic, { key: 'good', value: 'good', partition: 0 })
    await good.end('commit')
  }

  for (const [name, key] of [
    ['interleaved', Buffer.from('a')],
    ['with a key of four zero bytes', Buffer.alloc(4)],
  ] as const) {
    it(`should not be seen when ${name}, though the stock client shows some`, async () => {
      const topic = await harness.topic()
      await interleaved(topic, key)
      expect(await seenByStock(stock, topic)).to.include('aborted')
      const { seen } = await harness.consume({ group: uniqueName('group'), topics: [topic] })
      await seen.until(({ values }) => values.includes('good'))
      expect(seen.values).to.deep.equal(['good'])
      expect((await harness.readAll(topic)).map(({ value }) => String(value))).to.deep.equal(['good'])
    })
  }

  it('should move the position over a tail without any visible record', async () => {
    const topic = await harness.topic()
    const aborted = await begin(stock)
    await aborted.write(topic, { value: 'aborted', partition: 0 })
    await aborted.end('abort')
    const end = 2
    const { seen } = await harness.consume({ group: uniqueName('group'), topics: [topic] })
    await seen.until(({ positions }) => positions.some(({ offset }) => offset === end))
    expect(seen.records).to.deep.equal([])
    expect(await broker.admin.offsets(topic)).to.deep.equal([{ partition: 0, earliest: 0, end }])
    const batches = await harness.readBatches([{ topic, partition: 0, from: 0, to: end }])
    expect(batches.at(-1)?.next).to.equal(end)
  })

  it('should end at the last stable offset while a transaction is open', async () => {
    const topic = await harness.topic()
    const open = await begin(stock)
    await open.write(topic, { value: 'undecided', partition: 0 })
    expect(await broker.admin.offsets(topic)).to.deep.equal([{ partition: 0, earliest: 0, end: 0 }])
    await open.end('commit')
  })
})

interface OpenTransaction {
  write(topic: string, message: Message): Promise<void>
  end(how: 'commit' | 'abort'): Promise<void>
}

async function begin(kafka: Kafka): Promise<OpenTransaction> {
  const producer = kafka.producer({
    transactionalId: uniqueName('tx'),
    idempotent: true,
    maxInFlightRequests: 1,
  })
  await producer.connect()
  const transaction: Transaction = await producer.transaction()
  return {
    write: async (topic, message) => {
      await transaction.send({ topic, messages: [message] })
    },
    end: async (how) => {
      await transaction[how]()
      await producer.disconnect()
    },
  }
}

/** What the unrepaired client delivers before it comes to the good record, with fetches of a few records each. */
async function seenByStock(kafka: Kafka, topic: string): Promise<string[]> {
  const consumer = kafka.consumer({
    groupId: uniqueName('stock'),
    maxBytesPerPartition: 600,
    maxWaitTimeInMs: 50,
  })
  const seen: string[] = []
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const done = Promise.withResolvers<void>()
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message }) => {
      seen.push(String(message.value))
      if (String(message.value) === 'good') done.resolve()
    },
  })
  await done.promise
  await consumer.disconnect()
  return seen
}
