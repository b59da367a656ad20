/** One insight by DESIGN's table, for the oracle: see expected-rows.ts. */

/** A payload that `wrongShape` has let through: what is not here may still be absent or null. */
export interface Payload {
  readonly gender?: string | null
  readonly name?: { title?: string | null; first?: string | null; last?: string | null } | null
  readonly location?: {
    city?: string | null
    state?: string | null
    country?: string | null
    postcode?: string | number | null
    coordinates?: { latitude?: string | null; longitude?: string | null } | null
    timezone?: { offset?: string | null } | null
  } | null
  readonly email?: string | null
  readonly login: { uuid: string; username?: string | null }
  readonly dob?: { date?: string | null } | null
  readonly registered?: { date?: string | null } | null
  readonly phone?: string | null
  readonly cell?: string | null
  readonly picture?: { large?: string | null } | null
  readonly nat?: string | null
}

export interface StagedUser {
  readonly payload: Payload
  readonly runId: string
  /** Milliseconds since 1970: the record's timestamp. */
  readonly fetchedAt: number
}

export interface Country {
  readonly continent: string | null
  readonly currency: string | null
  readonly calling_code: string | null
}

/** All columns but `source`, which names one of several records. Dates as `yyyy-mm-dd`, times in ms, absent is null. */
export type Insight = ReturnType<typeof toInsight>

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const DAY = 86_400_000
const BANDS: ReadonlyArray<readonly [number, string]> = [
  [65, '65+'],
  [55, '55-64'],
  [45, '45-54'],
  [35, '35-44'],
  [25, '25-34'],
  [18, '18-24'],
  [0, '0-17'],
]

/** Why this user is a dead letter, or undefined. */
export function refusal({ payload, fetchedAt }: StagedUser): string | undefined {
  if (!UUID.test(payload.login.uuid)) return 'no valid uuid'
  if ((payload.email ?? '').trim() === '') return 'no e-mail'
  if ((payload.nat ?? '').trim() === '') return 'no nat'
  const birth = payload.dob?.date
  if (birth === undefined || birth === null) return undefined
  if (Number.isNaN(Date.parse(birth))) return 'birth date is no date'
  return Date.parse(utcDate(birth)) > fetchedAt ? 'birth date after the record' : undefined
}

export function toInsight(user: StagedUser, countries: ReadonlyMap<string, Country>) {
  const { payload, runId, fetchedAt } = user
  const { location, name, dob, registered } = payload
  const email = payload.email!.trim().toLowerCase()
  const code = payload.nat!.trim().toUpperCase()
  const country = countries.get(code)
  const birthDate = dob?.date == null ? null : utcDate(dob.date)
  const age = birthDate === null ? null : yearsBetween(birthDate, utcDate(fetchedAt))
  const registeredAt = registered?.date == null ? null : Date.parse(registered.date)
  const first = tidy(name?.first)
  const last = tidy(name?.last)
  return {
    user_id: payload.login.uuid.toLowerCase(),
    full_name: [first, last].filter(Boolean).join(' ') || null,
    first_name: first,
    last_name: last,
    title: tidy(name?.title),
    gender: payload.gender?.toLowerCase() ?? null,
    email,
    email_domain: email.split('@').at(-1),
    username: payload.login.username ?? null,
    birth_date: birthDate,
    age,
    age_band: age === null ? null : BANDS.find(([from]) => age >= from)?.[1],
    registered_at: registeredAt,
    tenure_days: registeredAt === null ? null : Math.floor((fetchedAt - registeredAt) / DAY),
    phone: payload.phone?.trim() || null,
    cell: payload.cell?.trim() || null,
    city: location?.city ?? null,
    state: location?.state ?? null,
    country: location?.country ?? null,
    country_code: code,
    postcode: location?.postcode == null ? null : String(location.postcode),
    latitude: degrees(location?.coordinates?.latitude, 90),
    longitude: degrees(location?.coordinates?.longitude, 180),
    utc_offset_minutes: minutes(location?.timezone?.offset),
    continent: country?.continent ?? null,
    currency: country?.currency ?? null,
    calling_code: country?.calling_code ?? null,
    picture_url: payload.picture?.large ?? null,
    run_id: runId,
    fetched_at: fetchedAt,
  }
}

function tidy(text: string | null | undefined): string | null {
  return text == null ? null : text.normalize('NFC').trim().split(/\s+/).join(' ')
}

function utcDate(time: string | number): string {
  return new Date(time).toISOString().slice(0, 10)
}

/** Months and days compare as text, so that 29 February counts from 1 March where there is none. */
function yearsBetween(birth: string, now: string): number {
  const years = Number(now.slice(0, 4)) - Number(birth.slice(0, 4))
  return now.slice(5) < birth.slice(5) ? years - 1 : years
}

function degrees(text: string | null | undefined, most: number): number | null {
  const value = text == null || text.trim() === '' ? Number.NaN : Number(text)
  return Math.abs(value) <= most ? value : null
}

function minutes(offset: string | null | undefined): number | null {
  const [, sign, hours, rest] = /^([+-]?)(\d{1,2}):(\d{2})$/.exec(offset ?? '') ?? []
  if (hours === undefined) return null
  const value = Number(hours) * 60 + Number(rest)
  return sign === '-' && value > 0 ? -value : value
}
