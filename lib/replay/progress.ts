import type { Broker } from '../broker/broker.ts'
import type { Environment } from '../runtime/environment.ts'
import { inputTopics } from '../runtime/input-topics.ts'
import { withGuarantee } from '../topology/guarantee.ts'
import type { Topology } from '../topology/nodes.ts'
import type { ReplayRecord } from './replay-record.ts'

export interface Progress {
  /** Records, or rather offsets, of which all that follows is committed, and all of the ranges. */
  readonly done: number
  readonly total: number
}

/** Topics that a replay writes and reads itself, with either guarantee: what has been read may still be on its way there. */
export function topicsBetween(topology: Topology, group: string): readonly string[] {
  const both = (['at-least-once', 'exactly-once'] as const).map((one) => withGuarantee(topology, one))
  return [...new Set(both.flatMap((one) => inputTopics(one, group).own))]
}

/** How far a replay is, whether it runs or not. */
export async function progressOf(
  { broker }: Environment,
  group: string,
  { ranges }: ReplayRecord,
  between: readonly string[],
): Promise<Progress> {
  const topics = [...new Set(ranges.map(({ topic }) => topic))]
  const committed = await broker.admin.committed(group, topics)
  const at = new Map(committed.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  const sum = (of: (range: ReplayRecord['ranges'][number]) => number) =>
    ranges.reduce((all, range) => all + of(range), 0)
  const read = sum(({ topic, partition, from, to }) => {
    return Math.max(0, Math.min(to, at.get(`${topic}/${partition}`) ?? from) - from)
  })
  const share = read === 0 ? 1 : await shareThrough(broker, group, between)
  return { done: Math.floor(read * share), total: sum(({ from, to }) => to - from) }
}

/** How much of what has come into these topics has come out of them: the least of all. */
async function shareThrough({ admin }: Broker, group: string, topics: readonly string[]): Promise<number> {
  const there = (await admin.topics(topics)).map(({ topic }) => topic)
  const committed = there.length === 0 ? [] : await admin.committed(group, there)
  const shares = there.map(async (topic) => {
    const end = (await admin.offsets(topic)).reduce((all, range) => all + range.end, 0)
    const passed = committed.reduce((all, one) => all + (one.topic === topic ? one.offset : 0), 0)
    return end === 0 ? 1 : passed / end
  })
  return Math.min(1, ...(await Promise.all(shares)))
}
