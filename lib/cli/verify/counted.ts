import type { LateUser } from '../../../schemas/late-user.ts'
import type { RandomUser } from '../../../schemas/random-user.ts'
import type { UserCount } from '../../../schemas/user-count.ts'
import { lateUsers, toCounted, userCounts } from '../../../topologies/insight/counts.ts'
import userInsights from '../../../topologies/user-insights.ts'
import { usersRaw } from '../../../topologies/users-raw.ts'
import type { Range } from '../../broker/broker.ts'
import { RedrivenLetters } from '../../deployed/redriven-letters.ts'
import { place } from '../../errors.ts'
import { headerOf, type RawRecord } from '../../record.ts'
import { DEAD_LETTER } from '../../runtime/dead-letters.ts'
import type { Environment } from '../../runtime/environment.ts'
import { GENERATION } from '../../runtime/generation-header.ts'
import { serdesOf } from '../../runtime/open.ts'
import type { TopicTarget } from '../../topology/topic.ts'
import { BucketedTable } from '../../verify/bucketed-table.ts'
import { compareTables } from '../../verify/compare.ts'
import { originOf } from '../../verify/expected.ts'
import type { Finding } from '../../verify/findings.ts'
import type { SpillFolder } from '../../verify/spill-folder.ts'
import { eachBatch, rangesOf } from '../../verify/topic-tables.ts'
import { type Fetched, keyOf, size, type Tally } from './tallies.ts'

const AGAIN = {
  cause: 'written again after a crash (at-least-once), by a replay or after a reset',
  cure: 'none needed: readers take the largest revision',
}

export async function readFetched(
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

/** The largest revision of the newest generation holds. */
export async function readCounts(environment: Environment) {
  const newest = new Map<string, { readonly users: number; readonly age: readonly [number, number] }>()
  const seen = new Set<string>()
  const duplicated: Finding[] = []
  let records = 0
  await eachValue<UserCount>(environment, userCounts, undefined, (count, record) => {
    const key = keyOf(count.country_code, count.window_start)
    records++
    const generation = generationOf(record)
    const [before, revision] = newest.get(key)?.age ?? [0, 0]
    if (generation > before || (generation === before && count.revision >= revision)) {
      newest.set(key, { users: count.users, age: [generation, count.revision] })
    }
    const said = `${key} ${generation} ${count.revision} ${count.users}`
    if (seen.has(said)) {
      duplicated.push({ hop: userCounts.name, key, kind: 'duplicated', ...AGAIN, record: place(record) })
    }
    seen.add(said)
  })
  const tally: Tally = new Map([...newest].map(([key, { users }]) => [key, users]))
  return { records, tally, duplicated }
}

/** A user comes late once in each generation: told by the record it came from. */
export async function readLate(environment: Environment, folder: SpillFolder) {
  const tally: Tally = new Map()
  const sources = new BucketedTable([], folder)
  const again = new Set<string>()
  await eachValue<LateUser>(
    environment,
    lateUsers,
    undefined,
    ({ country_code, window_start, source }, record) => {
      const generation = generationOf(record)
      if (!again.has(source)) add(tally, country_code, window_start, 1)
      if (generation > 0) again.add(source)
      sources.add(source, generation, {})
    },
  )
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

/** What the source itself has refused (poison, dates in the future) is in no branch of the topology until it is redriven. */
export async function refusedAtSource({ broker }: Environment): Promise<ReadonlySet<string>> {
  const origins = new Set<string>()
  const { topic } = userInsights.deadLetters
  const redriven = await RedrivenLetters.read(broker, topic)
  await eachBatch(broker, await rangesOf(broker, topic), (batch) => {
    for (const letter of batch) {
      if (redriven.has(letter)) continue
      if (String(headerOf(letter.headers, DEAD_LETTER.step)) === 'users') origins.add(originOf(letter))
    }
  })
  return origins
}

/** 0 until the first promotion. */
function generationOf({ headers }: RawRecord): number {
  return Number(headerOf(headers, GENERATION) ?? 0)
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
