import { randomUUID } from 'node:crypto'
import { kafkaBroker } from '../../../connectors/kafka/broker.ts'
import type { Broker } from '../../../lib/broker/broker.ts'
import { json, map, sink, stringKey, type Topology, topic, topology } from '../../../lib/index.ts'
import { SILENT } from '../../../lib/log.ts'
import { NO_HEADERS, type OutRecord } from '../../../lib/record.ts'
import { resourcesOf } from '../../../lib/runtime/resources.ts'
import { startWorker } from '../../../lib/runtime/worker.ts'
import type { WorkerOptions } from '../../../lib/runtime/worker-options.ts'
import { consumeCommitted } from '../../support/console-consumer.ts'
import { servers } from '../../support/servers.ts'
import type { Numbered } from '../support/judge.ts'

/** A topology that copies numbered records, its topics, and what reads and writes them. */
export interface Copying {
  readonly name: string
  readonly input: string
  readonly output: string
  readonly broker: Broker
  readonly copy: Topology
  readonly environment: WorkerOptions['environment']
  /** Numbers `[from, to)` of as many keys as there are partitions, key i into partition i. */
  write(from: number, to: number, partitions?: readonly number[]): Promise<void>
  start(more?: Partial<WorkerOptions>): ReturnType<typeof startWorker>
  /** What Kafka's own consumer reads. */
  seen(): Promise<Numbered[]>
  close(): Promise<void>
}

export async function copying(partitions: number): Promise<Copying> {
  const { kafkaBrokers } = servers()
  const broker = kafkaBroker({ brokers: kafkaBrokers.split(','), timing: { metadataMaxAge: 500 } })
  const name = `copying-${randomUUID().slice(0, 8)}`
  const [input, output] = [`${name}-in`, `${name}-out`]
  const copy = copyOf(name, input, output, partitions)
  const environment = { broker, sinks: {}, lookups: {}, log: SILENT }
  for (const resource of resourcesOf(copy, name, environment)) await resource.create()
  return {
    name,
    input,
    output,
    broker,
    copy,
    environment,
    write: async (from, to, into = [...Array(partitions).keys()]) => {
      const producer = await broker.producer({})
      for (let n = from; n < to; n++)
        await producer.send(into.map((partition) => numbered(input, partition, n)))
      await producer.close()
    },
    start: (more = {}) => startWorker({ topology: copy, environment, ...more }),
    seen: async () =>
      (await consumeCommitted(kafkaBrokers, output))
        // What `consumeCommitted` has written before.
        .filter(({ key }) => key !== null)
        .map(({ key, value }) => ({ key: String(key), n: JSON.parse(String(value)).n })),
    close: () => broker.close(),
  }
}

export function copyOf(
  name: string,
  input: string,
  output: string,
  partitions: number,
  step = 'same',
): Topology {
  const format = { key: stringKey, value: json<{ n: number }>(), partitions }
  return topology(name, ({ source }) => {
    source('in', topic(input, format)).pipe(
      map(step, (value) => value),
      sink('out', topic(output, { ...format, partitions: 1 })),
    )
  })
}

export function numbered(topic: string, partition: number, n: number): OutRecord {
  return {
    topic,
    partition,
    key: Buffer.from(`k${partition}`),
    value: Buffer.from(JSON.stringify({ n })),
    timestamp: 1_700_000_000_000 + n,
    headers: NO_HEADERS,
  }
}

/** What `write` has written. */
export function* expected(from: number, to: number, partitions: readonly number[]): Generator<Numbered> {
  for (const partition of partitions) for (let n = from; n < to; n++) yield { key: `k${partition}`, n }
}
