import type { Broker, TopicSpec } from '../broker/broker.ts'
import { subjectResource } from '../contract/resources.ts'
import { MillraceError } from '../errors.ts'
import type { Resource } from '../ports.ts'
import { checkCoPartitioning } from '../topology/co-partitioning.ts'
import type { RepartitionNode } from '../topology/keyed-nodes.ts'
import { isTopic, type Topology } from '../topology/nodes.ts'
import { countOf } from '../topology/repartition-counts.ts'
import { repartitionTopic } from '../topology/repartition-nodes.ts'
import { type TopicTarget, topic } from '../topology/topic.ts'
import { CHANGELOG_CONFIG } from './changelog.ts'
import type { Environment } from './environment.ts'
import { changelogsOf } from './input-topics.ts'
import { connectorFor } from './open.ts'

/** All that a topology needs to exist, in the order in which it has to be made. */
export function resourcesOf(
  topology: Topology,
  application: string,
  environment: Environment,
  clockOf: string = application,
): Resource[] {
  const counts = checkCoPartitioning(topology)
  const resources = topology.nodes.flatMap((node): readonly Resource[] => {
    if (node.kind === 'source' || node.kind === 'table' || node.kind === 'globalTable') {
      return topicResources(node.topic, environment)
    }
    if (node.kind === 'repartition') {
      return topicResources(repartitionTarget(node, application, counts.get(node)!), environment)
    }
    if (node.kind === 'enrich' && node.enrichment.how === 'lookup') {
      const { target, load } = node.enrichment
      if (load !== undefined) return []
      return connectorFor(environment.lookups, target.connector, node.name).lookupResources(target)
    }
    if (node.kind !== 'sink') return []
    if (isTopic(node.target)) return topicResources(node.target, environment)
    const connector = connectorFor(environment.sinks, node.target.connector, node.name)
    return connector.resources(node.target, { application, clockOf, step: node.name })
  })
  for (const [topic, { inputs }] of changelogsOf(topology, application)) {
    const partitions = Math.max(
      ...inputs.map((input) => countOf(input, ({ topic }) => topic.partitions, counts)!),
    )
    resources.push(topicResource({ topic, partitions, config: CHANGELOG_CONFIG }, environment.broker))
  }
  const { topic: letters, partitions } = topology.deadLetters
  resources.push(
    topicResource({ topic: letters, partitions, config: { 'retention.ms': '-1' } }, environment.broker),
  )
  const seen = new Set<string>()
  return resources.filter(({ kind, name }) => !seen.has(`${kind} ${name}`) && seen.add(`${kind} ${name}`))
}

export function topicResources(target: TopicTarget<unknown, unknown>, environment: Environment): Resource[] {
  const spec = { topic: target.name, partitions: target.partitions, config: target.config }
  const resources = [topicResource(spec, environment.broker)]
  for (const side of ['key', 'value'] as const) {
    const format = target[side]
    if ('encode' in format) continue
    if (environment.registry === undefined) {
      throw new MillraceError('CONFIG', `topic "${target.name}" has a contract: set SCHEMA_REGISTRY_URL`)
    }
    resources.push(subjectResource(format, `${target.name}-${side}`, environment.registry))
  }
  return resources
}

export function topicResource(spec: TopicSpec, broker: Broker): Resource {
  return {
    kind: 'topic',
    name: spec.topic,
    inspect: async () => ((await broker.admin.topics([spec.topic])).length > 0 ? 'present' : 'missing'),
    create: () => broker.admin.createTopic(spec),
  }
}

/** @throws MillraceError `MISSING` or `CONTRACT` naming all that is not as stated, and the cure. */
export async function requireResources(
  resources: readonly Resource[],
  cure = 'millrace apply',
): Promise<void> {
  const states = await Promise.all(
    resources.map(async (resource) => ({ resource, state: await resource.inspect() })),
  )
  const missing = states.filter(({ state }) => state === 'missing').map(({ resource }) => labelOf(resource))
  if (missing.length > 0) {
    throw new MillraceError(
      'MISSING',
      `not there yet: ${missing.join(', ')}; \`${cure}\` creates what is missing`,
    )
  }
  const differing = states.flatMap(({ resource, state }) =>
    typeof state === 'object' ? [`${labelOf(resource)}: ${state.differs}`] : [],
  )
  if (differing.length > 0) throw new MillraceError('CONTRACT', `not as stated: ${differing.join('; ')}`)
}

/** As people know it. */
export function labelOf({ kind, name }: Pick<Resource, 'kind' | 'name'>): string {
  return `${kind} ${name}`
}

/** Read and written by this application alone; what has been read is of no use to anyone. */
function repartitionTarget(
  node: RepartitionNode,
  application: string,
  partitions: number,
): TopicTarget<unknown, unknown> {
  const { key, value } = node
  return topic(repartitionTopic(application, node), { key, value, partitions })
}
