import { type KafkaTiming, kafkaBroker } from '../../connectors/kafka/broker.ts'
import { schemaRegistry } from '../../lib/contract/registry.ts'
import type { Environment, Logger, Resource, Topology } from '../../lib/index.ts'
import type { OutRecord } from '../../lib/record.ts'
import { resourcesOf } from '../../lib/runtime/resources.ts'
import { servers } from './servers.ts'

export interface SpecEnvironment extends Environment {
  /** Every line that was logged, fields and message. */
  readonly lines: readonly string[]
  close(): Promise<void>
}

export interface EnvironmentOptions {
  readonly registryUrl?: string
  readonly timing?: Partial<KafkaTiming>
}

/** The real Kafka and registry, as the command line puts them together, with a log that is kept. */
export function specEnvironment(options: EnvironmentOptions = {}): SpecEnvironment {
  const { kafkaBrokers, registryUrl } = servers()
  const lines: string[] = []
  const keep = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  const log: Logger = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
  const broker = kafkaBroker({
    brokers: kafkaBrokers.split(','),
    timing: options.timing,
    logger: ({ level, message, context }) => log[level]({ ...context }, message),
  })
  return {
    broker,
    registry: schemaRegistry({ url: options.registryUrl ?? registryUrl }),
    sinks: {},
    lookups: {},
    log,
    lines,
    close: () => broker.close(),
  }
}

/** What `millrace apply` does, for a topology of a spec's own. */
export async function applyTopology(topology: Topology, environment: Environment): Promise<void> {
  for (const resource of resourcesOf(topology, topology.name, environment)) await create(resource)
}

async function create(resource: Resource): Promise<void> {
  if ((await resource.inspect()) === 'missing') await resource.create()
}

export async function produce(environment: Environment, records: readonly OutRecord[]): Promise<void> {
  const producer = await environment.broker.producer({ clientId: 'spec' })
  await producer.send(records)
  await producer.close()
}

/** End offsets of a topic, by partition. */
export async function endsOf(environment: Environment, topic: string): Promise<number[]> {
  const offsets = await environment.broker.admin.offsets(topic)
  return offsets.toSorted((a, b) => a.partition - b.partition).map(({ end }) => end)
}

/** Committed positions of a group in a topic, by partition; 0 where there is none. */
export async function committedOf(environment: Environment, group: string, topic: string): Promise<number[]> {
  const committed = await environment.broker.admin.committed(group, [topic])
  const ends = await environment.broker.admin.offsets(topic)
  return ends
    .map(({ partition }) => partition)
    .toSorted((a, b) => a - b)
    .map((partition) => committed.find((position) => position.partition === partition)?.offset ?? 0)
}
