import type { Broker } from '../broker/broker.ts'
import { MillraceError } from '../errors.ts'
import { changelogsOf, inputTopics, partitionCounts } from '../runtime/input-topics.ts'
import { isTopic, type Topology } from '../topology/nodes.ts'
import { storesOf } from '../topology/stores-of.ts'
import type { Difference } from './differences.ts'
import type { Published } from './published.ts'

/** Topics that are there with another number of partitions, and internal ones that nobody needs any more. */
export async function topicDifferences(
  broker: Broker,
  topology: Topology,
  application: string,
  deployed: Published | undefined,
): Promise<Difference[]> {
  const { admin } = broker
  const stated = new Map<string, number>([[topology.deadLetters.topic, topology.deadLetters.partitions]])
  for (const node of topology.nodes) {
    const target = 'topic' in node ? node.topic : node.kind === 'sink' ? node.target : undefined
    if (target !== undefined && isTopic(target)) stated.set(target.name, target.partitions)
  }
  // Without state, keys may meet other tasks than before.
  const keepsState = topology.nodes.some((node) => storesOf(node).length > 0)
  const found = await admin.topics([...stated.keys()])
  const counted = found
    .filter(({ topic, partitions }) => partitions !== stated.get(topic))
    .map(
      ({ topic, partitions }): Difference => ({
        kind: 'topic',
        name: topic,
        differs: `has ${partitions} partitions, the code says ${stated.get(topic)}`,
        cure: `state partitions: ${partitions}; or make another topic and replay into it, since keys move with the number`,
        breaks: keepsState,
      }),
    )
  const internal = [...inputTopics(topology, application).own, ...changelogsOf(topology, application).keys()]
  const needed = new Set(internal)
  const unused = (deployed?.internalTopics ?? []).filter((name) => !needed.has(name))
  const superfluous = (await admin.topics(unused)).map(
    ({ topic }): Difference => ({
      kind: 'internal topic',
      name: topic,
      differs: 'is needed no more',
      cure: 'delete it once no worker of the version before runs any more and none is to come back',
      breaks: false,
    }),
  )
  return [...counted, ...(await ownCounts(broker, topology, application, internal)), ...superfluous]
}

/** Before all are there their numbers are not known: `apply` makes them as they have to be. */
async function ownCounts(
  { admin }: Broker,
  topology: Topology,
  application: string,
  internal: readonly string[],
): Promise<Difference[]> {
  const all = [...inputTopics(topology, application).outside, ...internal]
  if ((await admin.topics(all)).length < new Set(all).size) return []
  try {
    await partitionCounts(admin, topology, application)
    return []
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'CONFIG') throw error
    const name = error.at.topic ?? topology.name
    return [{ kind: 'internal topic', name, differs: error.message, cure: '', breaks: true }]
  }
}
