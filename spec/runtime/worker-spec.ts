import { expect } from 'chai'
import type { Broker, ConsumerListener } from '../../lib/broker/broker.ts'
import { map, sink } from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import type { SinkTarget } from '../../lib/ports.ts'
import type { Environment } from '../../lib/runtime/environment.ts'
import { startWorker } from '../../lib/runtime/worker.ts'
import { jsonTopology } from '../support/pipeline.ts'
import { ArrayConsumer, ArrayProducer, adminWith, GatedSink, rawRecord, settled } from './ports.ts'

const table: SinkTarget<unknown> = { connector: 'gated', name: 'table' }

/** Lets a spec speak to the worker as a broker does. */
class SpokenConsumer extends ArrayConsumer {
  listener: ConsumerListener | undefined
  stopped = false

  override async start(listener?: ConsumerListener): Promise<void> {
    this.listener = listener
  }

  override async stop(): Promise<void> {
    this.stopped = true
  }
}

function environmentOf(consumer: ArrayConsumer, gated: GatedSink): Environment {
  const broker: Broker = {
    admin: {
      ...adminWith([[]]),
      topics: async (names) => names.map((topic) => ({ topic, partitions: 1 })),
    },
    upkeep: undefined as never,
    consumer: () => consumer,
    producer: async () => new ArrayProducer(),
    transactions: () => Promise.reject(new Error('at least once')),
    read: async function* () {},
    close: async () => {},
  }
  const sinks = { gated: { open: async () => gated, resources: () => [], close: async () => {} } }
  return { broker, registry: undefined, sinks, lookups: {}, log: SILENT }
}

describe('a worker', () => {
  it('should, when stopped in the middle of a rebalance, commit what is in hand before it leaves', async () => {
    const consumer = new SpokenConsumer()
    const gated = new GatedSink()
    const topology = jsonTopology<number>((input) =>
      input.pipe(
        map('row', (n) => ({ n })),
        sink('rows', table),
      ),
    )
    const environment = environmentOf(consumer, gated)
    const worker = await startWorker({ topology, environment, batch: { records: 2, wait: 0 } })
    const listener = consumer.listener!
    const positions = [{ topic: 'in', partition: 0, offset: 0 }]
    const { signal } = new AbortController()
    await listener.assigned({ generation: 1, positions, standbys: [], owners: [] }, signal)
    const records = [rawRecord(0, '0'), rawRecord(1, '1')]
    listener.batch({ topic: 'in', partition: 0, generation: 1, records, next: 2, bytes: 6 })
    await settled()
    const revoked = listener.revoked()
    const stopped = worker.stop()
    await settled()
    expect(consumer.stopped).to.equal(false)
    gated.end(0)
    await Promise.all([revoked, stopped])
    expect(consumer.commits).to.deep.equal([[{ topic: 'in', partition: 0, offset: 2 }]])
    expect(consumer.stopped).to.equal(true)
  })
})
