/**
 * The oracle: what the pipeline must have made of the staging table, computed row by row from DESIGN's table "The
 * user insight, field by field". It shares no code with the pipeline on purpose: nothing of lib/, connectors/ or
 * topologies/ is imported here or below. Alone: `DATABASE_URL=… node spec/e2e/expected-rows.ts`.
 */
import pg from 'pg'
import {
  type Country,
  type Insight,
  type Payload,
  refusal,
  type StagedUser,
  toInsight,
} from './insight-by-hand.ts'
import { wrongShape } from './payload-shape.ts'

export interface Refused {
  readonly stagingId: string
  /** As given; undefined where there is none. */
  readonly uuid: string | undefined
  /** Of `capture` if it can't even be keyed or encoded. */
  readonly topic: 'users.raw.dlq' | 'user-insights.dlq'
  readonly because: string
}

export interface Expected {
  /** By user id; the newest staging row wins. */
  readonly usersById: ReadonlyMap<string, Insight>
  /** By `country_code/user_id`. */
  readonly usersByCountry: ReadonlyMap<string, CountryRow>
  readonly refused: readonly Refused[]
  /** By `country_code/day/start of the minute`: all that is captured, whatever becomes of it. */
  readonly countsByCountry: ReadonlyMap<string, CountsRow>
  /** How many staging rows must be in `users.raw`. */
  readonly captured: number
}

export type CountryRow = Pick<
  Insight,
  'country_code' | 'user_id' | 'age_band' | 'full_name' | 'city' | 'registered_at'
>

export type CountsRow = Readonly<
  Record<'country_code' | 'day', string> & Record<'window_start' | 'window_end' | 'users', number>
>

interface StagingRow {
  readonly id: string
  readonly run_id: string
  readonly fetched_at: Date
  /** Null where the element could not be held as jsonb. */
  readonly payload: string | null
}

export async function expectedRows(databaseUrl: string): Promise<Expected> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const countries = await client.query<Country & { country_code: string }>(
      'SELECT country_code, continent, currency, calling_code FROM reference.countries',
    )
    const staged = await client.query<StagingRow>(
      'SELECT id::text, run_id, fetched_at, payload::text FROM staging.random_users ORDER BY fetched_at, id',
    )
    return expectedOf(staged.rows, new Map(countries.rows.map((row) => [row.country_code, row])))
  } finally {
    await client.end()
  }
}

function expectedOf(staged: readonly StagingRow[], countries: ReadonlyMap<string, Country>): Expected {
  const usersById = new Map<string, Insight>()
  const usersByCountry = new Map<string, CountryRow>()
  const countsByCountry = new Map<string, CountsRow>()
  const refused: Refused[] = []
  for (const { id, run_id, fetched_at, payload } of staged) {
    const given: unknown = payload === null ? undefined : JSON.parse(payload)
    const uncaptured = payload === null ? 'not jsonb' : wrongShape(given)
    if (uncaptured !== undefined) {
      refused.push({ stagingId: id, uuid: undefined, topic: 'users.raw.dlq', because: uncaptured })
      continue
    }
    const user: StagedUser = { payload: given as Payload, runId: run_id, fetchedAt: fetched_at.getTime() }
    count(countsByCountry, user)
    const because = refusal(user)
    if (because !== undefined) {
      refused.push({ stagingId: id, uuid: user.payload.login.uuid, topic: 'user-insights.dlq', because })
      continue
    }
    const insight = toInsight(user, countries)
    usersById.set(insight.user_id, insight)
    usersByCountry.set(`${insight.country_code}/${insight.user_id}`, countryRow(insight))
  }
  const captured = staged.length - refused.filter(({ topic }) => topic === 'users.raw.dlq').length
  return { usersById, usersByCountry, countsByCountry, refused, captured }
}

/** A row a minute, by the time of the fetch. Without a country there is nothing to count. */
function count(counts: Map<string, CountsRow>, { payload, fetchedAt }: StagedUser): void {
  const country_code = payload.nat?.trim().toUpperCase() ?? ''
  if (country_code === '') return
  const window_start = fetchedAt - (fetchedAt % 60_000)
  const day = new Date(window_start).toISOString().slice(0, 10)
  const key = `${country_code}/${day}/${window_start}`
  const users = (counts.get(key)?.users ?? 0) + 1
  counts.set(key, { country_code, day, window_start, window_end: window_start + 60_000, users })
}

function countryRow(insight: Insight): CountryRow {
  const { country_code, user_id, age_band, full_name, city, registered_at } = insight
  return { country_code, user_id, age_band, full_name, city, registered_at }
}

if (import.meta.main) {
  const { usersById, usersByCountry, refused } = await expectedRows(process.env.DATABASE_URL ?? '')
  const rows = {
    users_by_id: [...usersById.values()],
    users_by_country: [...usersByCountry.values()],
    refused,
  }
  console.log(JSON.stringify(rows, null, 2))
}
