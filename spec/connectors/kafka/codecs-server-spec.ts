import { expect } from 'chai'
import { kafkaBroker } from '../../../connectors/kafka/broker.ts'
import type { Broker } from '../../../lib/broker/broker.ts'
import { BrokerHarness, numbered } from '../../conformance/broker-harness.ts'
import { kafkaTool } from '../../support/kafka-tool.ts'
import { servers } from '../../support/servers.ts'

const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const
/** Long enough for several blocks of every codec's framing. */
const PADDING = 'padding-'.repeat(100)

describe('Kafka: compression, against the Java client', () => {
  let broker: Broker
  let harness: BrokerHarness

  before(() => {
    broker = kafkaBroker({ brokers: servers().kafkaBrokers.split(',') })
    harness = new BrokerHarness(broker)
  })
  after(() => broker?.close())

  for (const codec of CODECS) {
    it(`should write ${codec} that the Java client reads`, async () => {
      const topic = await harness.topic()
      const producer = await broker.producer({ compression: codec })
      const records = numbered(topic, 500).map((out) => ({
        ...out,
        value: Buffer.from(`${out.value}-${PADDING}`),
      }))
      await producer.send(records)
      await producer.close()
      expect(await readWithJava(topic, 500)).to.deep.equal(records.map(({ value }) => String(value)))
    })

    it(`should read ${codec} that the Java client wrote`, async () => {
      const topic = await harness.topic()
      const lines = Array.from({ length: 500 }, (_, i) => `${i}-${PADDING}`)
      await writeWithJava(topic, codec, lines)
      expect((await harness.readAll(topic)).map(({ value }) => String(value))).to.deep.equal(lines)
    })
  }
})

async function readWithJava(topic: string, count: number): Promise<string[]> {
  const stdout = await kafkaTool('consumer.ConsoleConsumer', [
    ...['--bootstrap-server', servers().kafkaBrokers, '--topic', topic, '--from-beginning'],
    ...['--max-messages', String(count), '--timeout-ms', '120000'],
  ])
  return stdout.split('\n').filter((line) => line !== '')
}

async function writeWithJava(topic: string, codec: string, lines: readonly string[]): Promise<void> {
  await kafkaTool(
    'ConsoleProducer',
    ['--bootstrap-server', servers().kafkaBrokers, '--topic', topic, '--compression-codec', codec],
    `${lines.join('\n')}\n`,
  )
}
