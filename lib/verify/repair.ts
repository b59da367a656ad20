import type { Range } from '../broker/broker.ts'
import type { OutRecord, Position, RawRecord } from '../record.ts'
import { allReached, endsOf } from '../runtime/caught-up.ts'
import type { Environment } from '../runtime/environment.ts'
import { inputTopics } from '../runtime/input-topics.ts'
import type { TableTarget } from '../table/table.ts'
import { isTopic } from '../topology/nodes.ts'
import { gonePart } from './causes.ts'
import { keyValues } from './columns.ts'
import type { Finding } from './findings.ts'
import type { Flows } from './flows.ts'
import { type Mend, mendRow, type Outcome, type Should } from './mend.ts'
import { recompute, type Wanted } from './recompute.ts'
import { repairOf } from './repair-of.ts'
import { rangesOf } from './topic-tables.ts'
import type { CheckedSink } from './topology-hops.ts'

/** Rows in memory at a time. */
const ROUND = 5000
/** Records that lie closer together are read at one go. */
const CLOSE = 500

export interface RepairOptions {
  /** Of the group, as the verification found them: what is beyond was not compared. */
  readonly positions: readonly Position[]
  /** Whose positions are waited for. */
  readonly group: string
  /** For how long live may take to pass what is there now. Milliseconds. */
  readonly wait: number
  /** Nothing is written. */
  readonly dry: boolean
}

/**
 * Mends rows of tables, and records missing in topics: waits until live has passed the ends found now, computes each key
 * from its newest record again, and writes it. The rest is left, with its cure.
 */
export async function repairSinks(
  opened: Flows,
  environment: Environment,
  sinks: readonly CheckedSink[],
  options: RepairOptions,
): Promise<Mend[]> {
  const damaged = sinks.filter(({ found }) => found.listed.some(({ kind }) => kind !== 'duplicated'))
  const passed = options.dry || damaged.length === 0 || (await livePassed(opened, environment, options))
  const mends: Mend[] = []
  for (const sink of damaged) {
    const mending = await mendingOf(sink, environment)
    const findings = sink.found.listed.filter(({ kind }) => kind !== 'duplicated')
    for (let from = 0; from < findings.length; from += ROUND) {
      const round = findings.slice(from, from + ROUND)
      mends.push(...(await mendRound(sink, round, mending, environment, { ...options, passed })))
    }
    await mending.close()
  }
  return mends
}

async function livePassed(
  { said, flows }: Flows,
  { broker: { admin } }: Environment,
  { group, wait }: RepairOptions,
): Promise<boolean> {
  const { own, written } = inputTopics(said, group)
  const transactional = said.guarantee === 'exactly-once'
  const ends = await endsOf(admin, [...new Set(flows.map(({ topic }) => topic))])
  const signal = AbortSignal.timeout(Math.max(1, wait))
  await allReached({ admin, group, own: [...own, ...written], transactional }, ends, signal)
  return !signal.aborted
}

/** How findings of one sink are mended. */
interface Mending {
  /** Why this one can't be; undefined if it can. */
  leaves(finding: Finding): string | undefined
  would(finding: Finding): string
  mend(finding: Finding, wanted: Wanted | undefined): Promise<Outcome>
  close(): Promise<void>
}

async function mendingOf(sink: CheckedSink, environment: Environment): Promise<Mending> {
  return isTopic(sink.node.target) ? records(environment) : rows(sink, environment)
}

async function rows({ flow, node }: CheckedSink, environment: Environment): Promise<Mending> {
  const target = node.target as TableTarget
  const repair = await repairOf(flow, node, environment)
  const gone = await gonePart(environment, flow.topic)
  return {
    leaves: ({ kind, key }) => {
      if (repair === undefined) return `rows of ${target.connector} can't be mended`
      if (keyValues(target, key) === undefined) return 'a part of its key holds a slash: mend it by hand'
      if (kind !== 'too many' || gone === undefined) return undefined
      return `its record may be one that ${gone}: delete it by hand if it should not be there`
    },
    would: ({ kind }) => (kind === 'too many' ? 'delete the row' : 'write the row anew'),
    mend: async ({ kind, key }, wanted) => {
      if (wanted === undefined && kind !== 'too many') return GONE
      if (wanted !== undefined && kind === 'too many') return MOVED
      const values = wanted ? target.key.map((column) => wanted.value[column]) : keyValues(target, key)!
      const should: Should = wanted
        ? { value: columnsOf(target, wanted.value), timestamp: wanted.timestamp }
        : { value: null, timestamp: 0 }
      return mendRow(repair!, values, should)
    },
    close: async () => {},
  }
}

const GONE: Outcome = { outcome: 'left', how: 'nothing leads to it any more: verify again' }
const MOVED: Outcome = { outcome: 'left', how: 'a record leads to it by now: verify again' }

async function records({ broker }: Environment): Promise<Mending> {
  const producer = await broker.producer({ clientId: 'millrace-verify' })
  const send = async (record: OutRecord): Promise<Outcome> => {
    await producer.send([record])
    return { outcome: 'mended', how: 'written again, at its own time' }
  }
  return {
    leaves: ({ kind, cure }) =>
      kind === 'missing' ? undefined : (cure ?? 'a topic keeps what was written to it'),
    would: () => 'write the record again',
    mend: async (_, wanted) => (wanted?.record === undefined ? GONE : send(wanted.record)),
    close: () => producer.close(),
  }
}

async function mendRound(
  sink: CheckedSink,
  findings: readonly Finding[],
  mending: Mending,
  environment: Environment,
  options: RepairOptions & { readonly passed: boolean },
): Promise<Mend[]> {
  const wanted = options.dry ? new Map() : await newestOf(sink, findings, environment, options.positions)
  const mends: Mend[] = []
  for (const finding of findings) {
    const { hop, key, kind } = finding
    mends.push({ hop, key, kind, ...(await outcomeOf(finding)) })
  }
  return mends

  async function outcomeOf(finding: Finding): Promise<Outcome> {
    const leaves = mending.leaves(finding)
    if (leaves !== undefined) return { outcome: 'left', how: leaves }
    if (options.dry) return { outcome: 'would be mended', how: mending.would(finding) }
    if (!options.passed) return BEHIND
    return mending.mend(finding, wanted.get(finding.key))
  }
}

const BEHIND: Outcome = {
  outcome: 'left',
  how: 'live has not passed what is there: have the worker run, or give it longer with --wait',
}

/** What the newest records of these keys want in the sink: those found by the verification, and all since. */
async function newestOf(
  { flow, node }: CheckedSink,
  findings: readonly Finding[],
  environment: Environment,
  positions: readonly Position[],
): Promise<ReadonlyMap<string, Wanted>> {
  const keys = new Set(findings.map(({ key }) => key))
  const places = new Set(findings.flatMap(({ record }) => record ?? []))
  const newest = new Map<string, Wanted>()
  const own = positions.filter(({ topic }) => topic === flow.topic)
  const since = await rangesOf(environment.broker, flow.topic, { from: own })
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

/** A row holds what has a column, and null where there is nothing. */
function columnsOf({ columns }: TableTarget, value: Wanted['value']): Wanted['value'] {
  return Object.fromEntries(Object.keys(columns).map((column) => [column, value[column] ?? null]))
}
