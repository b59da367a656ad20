import type { Position } from '../../record.ts'
import { sourceTopics } from '../../runtime/input-topics.ts'
import { readReplays } from '../replay-record.ts'
import { shadowApplication } from '../shadow.ts'
import type { NamedShadow } from '../shadow-record.ts'

/** How far the two have read an input of theirs. */
export interface Standing {
  readonly topic: string
  /** Records that live has read and the shadow has not: what they changed is a difference. */
  readonly liveAhead: number
  readonly shadowAhead: number
  /** Records before the first that the shadow was given. */
  readonly before: number
  /** Records of the replay into it that are yet to come. */
  readonly toCome: number
}

/** @param runsAs the group of the live application. */
export async function standings(
  { topology, application, name, environment }: NamedShadow,
  runsAs: string,
): Promise<Standing[]> {
  const { broker } = environment
  const topics = sourceTopics(topology, application)
  const live = offsetsOf(await broker.admin.committed(runsAs, topics))
  const shadow = offsetsOf(await broker.admin.committed(shadowApplication(application, name), topics))
  const replay = (await readReplays(environment, application)).find((one) => one.name === name)?.value
  return Promise.all(topics.map(standing))

  async function standing(topic: string): Promise<Standing> {
    const sums = { liveAhead: 0, shadowAhead: 0, before: 0, toCome: 0 }
    for (const { partition, earliest } of await broker.admin.offsets(topic)) {
      const place = `${topic}/${partition}`
      const at = shadow.get(place) ?? earliest
      const ahead = (live.get(place) ?? earliest) - at
      if (ahead > 0) sums.liveAhead += ahead
      else sums.shadowAhead -= ahead
      const range = replay?.ranges.find((one) => one.topic === topic && one.partition === partition)
      if (range === undefined) continue
      sums.before += Math.max(0, range.from - earliest)
      if (replay!.state !== 'done') sums.toCome += Math.max(0, range.to - Math.max(at, range.from))
    }
    return { topic, ...sums }
  }
}

function offsetsOf(positions: readonly Position[]): ReadonlyMap<string, number> {
  return new Map(positions.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
}
