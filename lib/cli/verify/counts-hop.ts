import { setTimeout as delay } from 'node:timers/promises'
import type { LateUser } from '../../../schemas/late-user.ts'
import type { RandomUser } from '../../../schemas/random-user.ts'
import type { UserCount } from '../../../schemas/user-count.ts'
import { lateUsers, toCounted, userCounts } from '../../../topologies/insight/counts.ts'
import userInsights from '../../../topologies/user-insights.ts'
import { usersRaw } from '../../../topologies/users-raw.ts'
import type { Range } from '../../broker/broker.ts'
import { place } from '../../errors.ts'
import { headerOf, type RawRecord } from '../../record.ts'
import { DEAD_LETTER } from '../../runtime/dead-letters.ts'
import type { Environment } from '../../runtime/environment.ts'
import { serdesOf } from '../../runtime/open.ts'
import type { WindowNode } from '../../topology/keyed-nodes.ts'
import type { TopicTarget } from '../../topology/topic.ts'
import { BucketedTable } from '../../verify/bucketed-table.ts'
import { compareTables } from '../../verify/compare.ts'
import { originOf } from '../../verify/expected.ts'
import type { Finding } from '../../verify/findings.ts'
import { beginningsOf, isWithin, type Period } from '../../verify/period.ts'
import type { Checked } from '../../verify/report.ts'
import type { SpillFolder } from '../../verify/spill-folder.ts'
import { eachBatch, rangesOf } from '../../verify/topic-tables.ts'
import type { Verification } from '../../verify/topology-hops.ts'
import type { TimeWindows } from '../../windows/time-windows.ts'
import { compareTallies, type Fetched, keyOf, type Tally } from './tallies.ts'

const BETWEEN_LOOKS = 500

const { size } = userInsights.nodes.find((node): node is WindowNode => node.kind === 'window')!
  .windows as TimeWindows

export interface CountsOptions {
  /** Whose worker is waited for. */
  readonly group: string
  /** Milliseconds. */
  readonly wait: number
  readonly settled: boolean
}

/**
 * Per country and minute: what was counted and what came late must be the records of `users.raw`. It waits for what a
 * running worker has still to write, at most `wait` milliseconds. Windows that time has not closed may wait in the
 * worker's state, and are only told of, unless the pipeline has `settled`.
 */
export async function verifyCounts(
  environment: Environment,
  { positions, period, folder }: Verification,
  { group, wait, settled }: CountsOptions,
): Promise<Checked[]> {
  const { broker } = environment
  // Nobody is about to write anything where no worker runs.
  const awaited = settled || (await broker.upkeep.members(group)).length > 0
  const end = Date.now() + (awaited ? wait : 0)
  const raw = positions.filter(({ topic }) => topic === usersRaw.name)
  const refused = await refusedAtSource(environment)
  const from = await beginningsOf(broker, usersRaw.name, period)
  const should = await readFetched(
    environment,
    await rangesOf(broker, usersRaw.name, { from, to: raw }),
    refused,
  )
  for (;;) {
    const counts = await readCounts(environment)
    const late = await readLate(environment, folder)
    // Read behind them: what they hold came from before these ends.
    const ahead = await rangesOf(broker, usersRaw.name, { from: raw })
    const newer = await readFetched(environment, ahead, refused)
    const compared = compareTallies({
      ...{ should, newer, counted: counts.tally, late: late.tally, settled },
      within: wholeWindows(period),
    })
    if (compared.findings.length > 0 && Date.now() < end) {
      await delay(BETWEEN_LOOKS)
      continue
    }
    const { records, tally } = counts
    const hop = {
      hop: userCounts.name,
      records,
      keys: tally.size,
      duplicates: records - tally.size,
      findings: [...compared.findings.map(explained), ...counts.duplicated],
    }
    const noted =
      compared.open === 0
        ? hop
        : { ...hop, note: `${compared.open} users are in windows that are still open` }
    return [noted, { hop: lateUsers.name, records: late.records, findings: late.duplicated }]
  }
}

/** A window that a period cuts was counted from users outside of it, too. */
function wholeWindows({ from, to }: Period): (start: number) => boolean {
  const within = isWithin({ from, to: to === undefined ? undefined : to - size + 1 })
  return (start) => within(start)
}

function explained(finding: Finding): Finding {
  const [, start] = finding.key.split('/') as [string, string]
  const minute = `--from ${start} --to ${new Date(Date.parse(start) + size).toISOString()}`
  const cure = `millrace replay topologies/user-insights.ts ${minute}`
  return finding.kind === 'missing'
    ? {
        ...finding,
        cause: 'users of this minute were processed and not counted, or its count was lost or changed',
        cure,
      }
    : { ...finding, cause: 'users were counted twice, or somebody else has written this count', cure }
}

const AGAIN = {
  cause: 'written again after a crash (at-least-once), by a replay or after a reset',
  cure: 'none needed: readers take the largest revision',
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
async function readCounts(environment: Environment) {
  const newest = new Map<string, UserCount>()
  const seen = new Set<string>()
  const duplicated: Finding[] = []
  let records = 0
  await eachValue<UserCount>(environment, userCounts, undefined, (count, record) => {
    const key = keyOf(count.country_code, count.window_start)
    records++
    if (count.revision >= (newest.get(key)?.revision ?? 0)) newest.set(key, count)
    const revision = `${key} ${count.revision} ${count.users}`
    if (seen.has(revision)) {
      duplicated.push({ hop: userCounts.name, key, kind: 'duplicated', ...AGAIN, record: place(record) })
    }
    seen.add(revision)
  })
  const tally: Tally = new Map([...newest].map(([key, { users }]) => [key, users]))
  return { records, tally, duplicated }
}

/** A user comes late once: told by the record it came from. */
async function readLate(environment: Environment, folder: SpillFolder) {
  const tally: Tally = new Map()
  const sources = new BucketedTable([], folder)
  await eachValue<LateUser>(environment, lateUsers, undefined, ({ country_code, window_start, source }) => {
    add(tally, country_code, window_start, 1)
    sources.add(source, 0, {})
  })
  const none = new BucketedTable([], folder)
  const { found } = compareTables(lateUsers.name, none, sources, { duplicates: true })
  sources.drop()
  const twice = found.listed.filter(({ kind }) => kind === 'duplicated')
  return {
    records: sources.records,
    tally,
    duplicated: twice.map(({ key, kind }): Finding => ({ hop: lateUsers.name, key, kind, ...AGAIN })),
  }
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
