import type { Range } from '../broker/broker.ts'
import type { Position, RawRecord } from '../record.ts'
import type { Environment } from '../runtime/environment.ts'
import type { Finding } from './findings.ts'
import { recompute, type Wanted } from './recompute.ts'
import { rangesOf } from './topic-tables.ts'
import type { CheckedSink } from './topology-hops.ts'

/** Records that lie closer together are read at one go. */
const CLOSE = 500

/** What the newest records of these keys want in the sink: those found by the verification, and what live has passed since. */
export async function newestOf(
  { flow, node }: CheckedSink,
  findings: readonly Finding[],
  environment: Environment,
  { positions, group }: { readonly positions: readonly Position[]; readonly group: string },
): Promise<ReadonlyMap<string, Wanted>> {
  const keys = new Set(findings.map(({ key }) => key))
  const places = new Set(findings.flatMap(({ record }) => record ?? []))
  const newest = new Map<string, Wanted>()
  const own = positions.filter(({ topic }) => topic === flow.topic)
  const passed = await environment.broker.admin.committed(group, [flow.topic])
  const since = await rangesOf(environment.broker, flow.topic, { from: own, to: passed })
  const visitor = {
    letter: () => {},
    wanted: (wanted: Wanted) => {
      if (wanted.node !== node || !keys.has(wanted.key)) return
      const before = newest.get(wanted.key)
      if (before === undefined || wanted.timestamp >= before.timestamp) newest.set(wanted.key, wanted)
    },
  }
  const takes = (record: RawRecord) => places.has(`${record.topic}/${record.partition}/${record.offset}`)
  await recompute(flow, environment, rangesAround(flow.topic, places), { ...visitor, takes })
  await recompute(flow, environment, since, visitor)
  return newest
}

/** Ranges that hold these records, and few others. */
function rangesAround(topic: string, places: ReadonlySet<string>): Range[] {
  const positions = [...places]
    .filter((place) => place.startsWith(`${topic}/`))
    .map(
      (place) =>
        place
          .slice(topic.length + 1)
          .split('/')
          .map(Number) as [number, number],
    )
    .sort(([one, at], [other, there]) => one - other || at - there)
  const ranges: { topic: string; partition: number; from: number; to: number }[] = []
  for (const [partition, offset] of positions) {
    const last = ranges.at(-1)
    if (last?.partition === partition && offset - last.to < CLOSE) last.to = offset + 1
    else ranges.push({ topic, partition, from: offset, to: offset + 1 })
  }
  return ranges
}
