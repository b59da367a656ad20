import { changeSerde } from '../contract/change-serde.ts'
import type { Serde } from '../contract/serde.ts'
import { bind } from '../contract/serde.ts'
import { MillraceError } from '../errors.ts'
import type { TopicSerdes } from '../operators/sink.ts'
import type { Lookup, Sink } from '../ports.ts'
import type { RepartitionNode } from '../topology/keyed-nodes.ts'
import { isTopic, type Node, type Topology } from '../topology/nodes.ts'
import { repartitionTopic } from '../topology/repartition-nodes.ts'
import type { Format, TopicTarget } from '../topology/topic.ts'
import type { Bindings } from './compile.ts'
import type { Environment } from './environment.ts'
import { ratesOf } from './rates.ts'

export interface OpenTopology extends Bindings {
  readonly sinks: ReadonlyMap<Node, Sink>
  close(): Promise<void>
}

/** Opens what the nodes name: contracts bound to their subjects, sinks, look-ups. */
export async function open(
  topology: Topology,
  application: string,
  environment: Environment,
  clockOf: string = application,
): Promise<OpenTopology> {
  const serdes = new Map<Node, TopicSerdes>()
  const sinks = new Map<Node, Sink>()
  const lookups = new Map<Node, Lookup>()
  for (const node of topology.nodes) {
    if (node.kind === 'source' || node.kind === 'table' || node.kind === 'globalTable') {
      serdes.set(node, serdesOf(node.topic, environment))
    }
    if (node.kind === 'repartition') serdes.set(node, await repartitionSerdes(node, application, environment))
    if (node.kind === 'sink' && isTopic(node.target))
      serdes.set(node, await writable(node.target, environment))
    else if (node.kind === 'sink' && !isTopic(node.target)) {
      const connector = connectorFor(environment.sinks, node.target.connector, node.name)
      sinks.set(node, await connector.open(node.target, { application, clockOf, step: node.name }))
    }
    if (node.kind === 'enrich' && node.enrichment.how === 'lookup') {
      const { target, load } = node.enrichment
      const connected = () => connectorFor(environment.lookups, target.connector, node.name)
      lookups.set(node, load === undefined ? connected().openLookup(target) : { load })
    }
  }
  const close = async () => {
    await Promise.allSettled([...sinks.values()].map((sink) => sink.close()))
  }
  return { serdes, sinks, lookups, rates: ratesOf(topology), close }
}

export function connectorFor<C>(connectors: Readonly<Record<string, C>>, name: string, step: string): C {
  const connector = connectors[name]
  if (connector !== undefined) return connector
  throw new MillraceError('CONFIG', `step "${step}" needs ${name}, which this worker was not given`, { step })
}

export function serdesOf(topic: TopicTarget<unknown, unknown>, environment: Environment): TopicSerdes {
  return {
    key: serdeOf(topic.key, `${topic.name}-key`, environment),
    value: serdeOf(topic.value, `${topic.name}-value`, environment),
  }
}

/** Written and read by this application alone; its keys are as in the topics they must meet. */
async function repartitionSerdes(
  node: RepartitionNode,
  application: string,
  environment: Environment,
): Promise<TopicSerdes> {
  const topic = repartitionTopic(application, node)
  const key = serdeOf(node.key, `${topic}-key`, environment)
  const value = serdeOf(node.value, `${topic}-value`, environment)
  await key.open?.()
  await value.open?.()
  return { key, value: node.carries === 'changes' ? changeSerde(value) : value }
}

async function writable(
  topic: TopicTarget<unknown, unknown>,
  environment: Environment,
): Promise<TopicSerdes> {
  const serdes = serdesOf(topic, environment)
  await serdes.key.open?.()
  await serdes.value.open?.()
  return serdes
}

function serdeOf(format: Format<unknown>, subject: string, { registry }: Environment): Serde<unknown> {
  if ('encode' in format) return format
  if (registry !== undefined) return bind(format, subject, registry)
  throw new MillraceError('CONFIG', `subject "${subject}" needs a schema registry: set SCHEMA_REGISTRY_URL`)
}
