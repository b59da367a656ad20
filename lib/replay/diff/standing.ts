import type { Environment } from '../../runtime/environment.ts'
import { inputTopics } from '../../runtime/input-topics.ts'
import type { Topology } from '../../topology/nodes.ts'
import { shadowApplication } from '../shadow.ts'

/** How far the two have read an input of theirs. */
export interface Standing {
  readonly topic: string
  /** Records that live has read and the shadow has not: what they changed is a difference. */
  readonly liveAhead: number
  readonly shadowAhead: number
}

/** @param runsAs the group of the live application. */
export async function standings(
  topology: Topology,
  application: string,
  name: string,
  { broker: { admin } }: Environment,
  runsAs: string = application,
): Promise<Standing[]> {
  const { outside, written } = inputTopics(topology, application)
  const topics = outside.filter((topic) => !written.includes(topic))
  const [live, shadow] = await Promise.all([
    admin.committed(runsAs, topics),
    admin.committed(shadowApplication(application, name), topics),
  ])
  const offsets = (positions: typeof live) =>
    new Map(positions.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  const [one, other] = [offsets(live), offsets(shadow)]
  return topics.map((topic) => {
    const places = new Set([...one.keys(), ...other.keys()].filter((place) => place.startsWith(`${topic}/`)))
    const standing = { topic, liveAhead: 0, shadowAhead: 0 }
    for (const place of places) {
      const ahead = (one.get(place) ?? 0) - (other.get(place) ?? 0)
      if (ahead > 0) standing.liveAhead += ahead
      else standing.shadowAhead -= ahead
    }
    return standing
  })
}
