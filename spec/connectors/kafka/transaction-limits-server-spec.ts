import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { kafkaBroker } from '../../../connectors/kafka/broker.ts'
import type { Broker, TransactionalProducer } from '../../../lib/broker/broker.ts'
import type { MillraceError } from '../../../lib/errors.ts'
import { BrokerHarness, numbered, record, uniqueName } from '../../conformance/broker-harness.ts'
import { failureOf } from '../../conformance/failure-of.ts'
import { servers } from '../../support/servers.ts'

const client = fileURLToPath(new URL('../../conformance/transaction-process.ts', import.meta.url))
const TIMEOUT_MS = 1000

describe('Kafka: limits of transactions', () => {
  let broker: Broker
  /** Of a broker that lets transactions time out soon; it has no consumers. */
  let hasty: Broker
  let harness: BrokerHarness
  const producers: TransactionalProducer[] = []

  before(() => {
    const brokers = servers().kafkaBrokers.split(',')
    broker = kafkaBroker({ brokers })
    hasty = kafkaBroker({ brokers, timing: { session: TIMEOUT_MS - 1 } })
    harness = new BrokerHarness(broker)
  })
  afterEach(async () => {
    await Promise.all(producers.splice(0).map((producer) => producer.close()))
    await harness.stopConsumers()
  })
  after(async () => {
    await broker?.close()
    await hasty?.close()
  })

  const options = (timeout?: number) => ({ id: uniqueName('id'), group: uniqueName('group'), timeout })

  it('should refuse a time-out that is over before the group lets go of a silent member', async () => {
    const error = await failureOf(hasty.transactions(options(TIMEOUT_MS - 1)))
    expect(error.code).to.equal('CONFIG')
  })

  it('should refuse a time-out that the broker does not grant', async () => {
    const error = await failureOf(broker.transactions(options(24 * 60 * 60 * 1000)))
    expect(error.code).to.equal('CONFIG')
    expect(error.message).to.include('INVALID_TRANSACTION_TIMEOUT')
  })

  it('should hold readers back no longer than the time-out when nobody succeeds a killed client', async () => {
    const topic = await harness.topic()
    const place = JSON.stringify({ kafka: servers().kafkaBrokers, session: TIMEOUT_MS - 1 })
    const child = fork(client, [place, uniqueName('id'), uniqueName('group'), topic, String(TIMEOUT_MS)])
    const ended = once(child, 'exit')
    expect(await Promise.race([once(child, 'message').then(([said]) => said), ended])).to.equal('sent')
    child.kill('SIGKILL')
    await ended
    await harness.produce([record(topic, 'behind')])
    const { seen } = await harness.consume({ group: uniqueName('group'), topics: [topic] })
    await seen.until(({ records }) => records.length > 0)
    expect(seen.values).to.deep.equal(['behind'])
  })

  it('should fence a client whose transaction was open for too long', async () => {
    const topic = await harness.topic()
    const producer = await hasty.transactions(options(TIMEOUT_MS))
    producers.push(producer)
    await producer.send([record(topic, 'late')])
    await harness.produce([record(topic, 'behind')])
    // What is behind is shown once the transaction has been given up.
    const { seen } = await harness.consume({ group: uniqueName('group'), topics: [topic] })
    await seen.until(({ records }) => records.length > 0)
    expect((await failureOf(producer.commit([]))).code).to.equal('FENCED')
    expect(seen.values).to.deep.equal(['behind'])
  })

  it('should write smaller batches once a topic has shown that it takes no larger ones', async () => {
    const topic = uniqueName('small')
    await broker.admin.createTopic({ topic, partitions: 1, config: { 'max.message.bytes': '100000' } })
    const records = numbered(topic, 300, { key: Buffer.alloc(1000, 'k') })
    const id = options()
    let tooLarge = 0
    for (;;) {
      const producer = await broker.transactions(id)
      try {
        await producer.send(records)
        await producer.commit([])
        break
      } catch (error) {
        // A broker that is busy may end a producer for reasons of its own.
        expect(error).to.have.property('retriable', true)
        if ((error as MillraceError).code === 'WRITE') tooLarge++
        expect(tooLarge).to.be.at.most(2)
      } finally {
        await producer.close()
      }
    }
    expect(tooLarge).to.equal(2)
    expect((await harness.readAll(topic)).map(({ value }) => String(value))).to.deep.equal(
      records.map(({ value }) => String(value)),
    )
  })
})
