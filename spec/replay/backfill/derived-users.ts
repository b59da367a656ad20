import { type Payload, type StagedUser, toInsight } from '../../e2e/insight-by-hand.ts'
import { type ApiUser, recorded } from '../../e2e/recorded.ts'

/** Derived from the recorded users: the same people under new uuids, and some of them again, later and elsewhere. */
export const RUN = 'backfill'
/** One in so many is there again. */
const EVERY = 20
const PREFIX = '00000000-0000-4000-8000-'
/** When they were fetched: at first, and again; the second halves of those, once the replay runs. */
const TIMES = [Date.UTC(2026, 2, 1), Date.UTC(2026, 5, 1), Date.UTC(2026, 5, 2)] as const

export type Countries = Parameters<typeof toInsight>[1]

export interface DerivedUser extends StagedUser {
  readonly payload: ApiUser & Payload
}

/** `first`: all of them; `again` and `later`: some, that have moved. */
export type Version = 'first' | 'again' | 'later'

/** By number: which is in the last digits of the uuid. */
export function derivedUser(n: number, version: Version, spacing: number): DerivedUser {
  const user = recorded[n % recorded.length]!
  const place = version === 'first' ? user.location : { ...user.location, city: `${version} ${n}` }
  const login = { ...user.login, uuid: `${PREFIX}${n.toString(16).padStart(12, '0')}` }
  const times = version === 'first' ? TIMES[0] + n * spacing : TIMES[version === 'again' ? 1 : 2] + n
  return {
    payload: { ...user, login, location: place } as DerivedUser['payload'],
    runId: RUN,
    fetchedAt: times,
  }
}

export function numberOf(uuid: string): number | undefined {
  return uuid.startsWith(PREFIX) ? Number.parseInt(uuid.slice(PREFIX.length), 16) : undefined
}

export function newestOf(n: number): Version {
  if (n % EVERY !== 0) return 'first'
  return n % (2 * EVERY) === 0 ? 'again' : 'later'
}

/** Numbers of those that have such a version. */
export function* numbersOf(version: Version, users: number): Generator<number> {
  for (let n = 0; n < users; n++) if (version === 'first' || newestOf(n) === version) yield n
}

/** Users by country and minute, of all versions. */
export function expectedCounts(users: number, spacing: number): Map<string, number> {
  const counts = new Map<string, number>()
  for (const version of ['first', 'again', 'later'] as const) {
    for (const n of numbersOf(version, users)) {
      const { payload, fetchedAt } = derivedUser(n, version, spacing)
      const key = `${payload.nat}/${fetchedAt - (fetchedAt % 60_000)}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  return counts
}

/** The row of the newest version. */
export function expectedInsight(n: number, spacing: number, countries: Countries) {
  return toInsight(derivedUser(n, newestOf(n), spacing), countries)
}
