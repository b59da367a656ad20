import { setTimeout as delay } from 'node:timers/promises'
import type { LateUser } from '../../../schemas/late-user.ts'
import type { RandomUser } from '../../../schemas/random-user.ts'
import type { UserCount } from '../../../schemas/user-count.ts'
import { lateUsers, toCounted, userCounts } from '../../../topologies/insight/counts.ts'
import userInsights from '../../../topologies/user-insights.ts'
import { usersRaw } from '../../../topologies/users-raw.ts'
import type { Range } from '../../broker/broker.ts'
import { headerOf, type Position, type RawRecord } from '../../record.ts'
import { DEAD_LETTER } from '../../runtime/dead-letters.ts'
import type { Environment } from '../../runtime/environment.ts'
import { serdesOf } from '../../runtime/open.ts'
import type { WindowNode } from '../../topology/keyed-nodes.ts'
import type { TopicTarget } from '../../topology/topic.ts'
import { originOf } from '../../verify/expected.ts'
import type { Checked } from '../../verify/report.ts'
import { eachBatch, rangesBeyond, rangesOf } from '../../verify/topic-tables.ts'
import type { TimeWindows } from '../../windows/time-windows.ts'
import { compareTallies, type Fetched, keyOf, type Tally } from './tallies.ts'

const BETWEEN_LOOKS = 500

const { size } = userInsights.nodes.find((node): node is WindowNode => node.kind === 'window')!
  .windows as TimeWindows

/**
 * Per country and minute: what was counted and what came late must be the records of `users.raw`. It waits for what a
 * running worker has still to write, at most `wait` milliseconds. Windows that time has not closed may wait in the
 * worker's state, and are only told of, unless the pipeline has `settled`.
 */
export async function verifyCounts(
  environment: Environment,
  positions: readonly Position[],
  { wait, settled }: { readonly wait: number; readonly settled: boolean },
): Promise<Checked[]> {
  const { broker } = environment
  const end = Date.now() + wait
  const raw = positions.filter(({ topic }) => topic === usersRaw.name)
  const refused = await refusedAtSource(environment)
  const should = await readFetched(environment, await rangesOf(broker, usersRaw.name, raw), refused)
  for (;;) {
    const counts = await readCounts(environment)
    const late = await readLate(environment)
    // Read behind them: what they hold came from before these ends.
    const newer = await readFetched(environment, await rangesBeyond(broker, usersRaw.name, raw), refused)
    const { findings, open } = compareTallies({ should, newer, counted: counts.tally, late, settled })
    if (findings.length > 0 && Date.now() < end) {
      await delay(BETWEEN_LOOKS)
      continue
    }
    const { records, tally } = counts
    const hop = {
      hop: userCounts.name,
      records,
      keys: tally.size,
      duplicates: records - tally.size,
      findings,
    }
    const noted = open === 0 ? hop : { ...hop, note: `${open} users are in windows that are still open` }
    return [noted, { hop: lateUsers.name, records: sumOf(late), findings: [] }]
  }
}

async function readFetched(
  environment: Environment,
  ranges: readonly Range[],
  refused: ReadonlySet<string>,
): Promise<Fetched> {
  const tally: Tally = new Map()
  const countries = new Map<string, number>()
  const partitions = new Map<number, number>()
  await eachValue<RandomUser>(environment, usersRaw, ranges, (user, record) => {
    const { topic, partition, offset, timestamp } = record
    if (refused.has(`${topic}/${partition}/${offset}`)) return
    const { country_code } = toCounted(user, { ...record, raw: record })
    observe(partitions, partition, timestamp)
    if (country_code === null) return
    observe(countries, country_code, timestamp)
    add(tally, country_code, timestamp - (timestamp % size), 1)
  })
  const floor = Math.min(...partitions.values())
  return { tally, time: (country) => Math.min(floor, countries.get(country) ?? 0) }
}

/** The largest revision holds. */
async function readCounts(environment: Environment): Promise<{ tally: Tally; records: number }> {
  const newest = new Map<string, UserCount>()
  let records = 0
  await eachValue<UserCount>(environment, userCounts, undefined, (count) => {
    const key = keyOf(count.country_code, count.window_start)
    records++
    if (count.revision >= (newest.get(key)?.revision ?? 0)) newest.set(key, count)
  })
  return { records, tally: new Map([...newest].map(([key, { users }]) => [key, users])) }
}

async function readLate(environment: Environment): Promise<Tally> {
  const tally: Tally = new Map()
  await eachValue<LateUser>(environment, lateUsers, undefined, ({ country_code, window_start }) =>
    add(tally, country_code, window_start, 1),
  )
  return tally
}

/** What the source itself has refused (poison, dates in the future) is in no branch of the topology. */
async function refusedAtSource({ broker }: Environment): Promise<ReadonlySet<string>> {
  const origins = new Set<string>()
  await eachBatch(broker, await rangesOf(broker, userInsights.deadLetters.topic), (batch) => {
    for (const letter of batch) {
      if (String(headerOf(letter.headers, DEAD_LETTER.step)) === 'users') origins.add(originOf(letter))
    }
  })
  return origins
}

/** Values of a topic that can be decoded; of the whole of it, unless ranges are given. */
async function eachValue<V>(
  environment: Environment,
  topic: TopicTarget<string, V>,
  ranges: readonly Range[] | undefined,
  look: (value: V, record: RawRecord) => void,
): Promise<void> {
  const { broker } = environment
  const { value } = serdesOf(topic, environment)
  await value.open?.()
  await eachBatch(broker, ranges ?? (await rangesOf(broker, topic.name)), async (batch) => {
    await value.ready?.(batch.map((record) => record.value))
    for (const record of batch) {
      const decoded = record.value === null ? undefined : decodedOr(() => value.decode(record.value!))
      if (decoded !== undefined) look(decoded as V, record)
    }
  })
}

/** Poison: the dead letters are compared on their own. */
function decodedOr(decode: () => unknown): unknown {
  try {
    return decode()
  } catch {
    return undefined
  }
}

function observe<K>(times: Map<K, number>, key: K, time: number): void {
  times.set(key, Math.max(time, times.get(key) ?? 0))
}

function add(tally: Tally, country: string, start: number, by: number): void {
  const key = keyOf(country, start)
  tally.set(key, (tally.get(key) ?? 0) + by)
}

function sumOf(tally: Tally): number {
  return [...tally.values()].reduce((sum, count) => sum + count, 0)
}
