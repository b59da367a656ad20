import type { Context } from '../../lib/index.ts'
import type { UserInsight } from '../../schemas/user-insight.ts'
import type { IdentifiedUser } from './checks.ts'
import { degrees, postcodeText } from './place.ts'
import { domainOf, given, tidy, trimmed } from './text.ts'
import { ageAt, ageBand, dayOf, instantOf, offsetMinutes, wholeDays } from './time.ts'

/** Cleanse and format, field by field; what is absent stays null. The country profile is filled in by `enrich`. */
export function toInsight(user: IdentifiedUser, context: Context): UserInsight {
  const { timestamp, topic, partition, offset } = context
  const email = user.email.trim().toLowerCase()
  const registered = instantOf(user.registered?.date) ?? null
  return {
    user_id: user.login.uuid.toLowerCase(),
    ...namesOf(user),
    gender: trimmed(user.gender)?.toLowerCase() ?? null,
    email,
    email_domain: domainOf(email),
    username: user.login.username ?? null,
    ...ageOf(user, timestamp),
    registered_at: registered,
    tenure_days: registered === null ? null : wholeDays(registered, timestamp),
    phone: trimmed(user.phone),
    cell: trimmed(user.cell),
    ...placeOf(user),
    continent: null,
    currency: null,
    calling_code: null,
    picture_url: user.picture?.large ?? null,
    run_id: user.run_id,
    fetched_at: timestamp,
    source: `${topic}/${partition}/${offset}`,
  }
}

function namesOf({ name }: IdentifiedUser) {
  const first = tidy(name?.first)
  const last = tidy(name?.last)
  const parts = [first, last].filter((part) => part !== null)
  return {
    full_name: parts.length === 0 ? null : parts.join(' '),
    first_name: first,
    last_name: last,
    title: tidy(name?.title),
  }
}

function ageOf({ dob }: IdentifiedUser, timestamp: number) {
  const birth = instantOf(dob?.date)
  if (birth === undefined) return { birth_date: null, age: null, age_band: null }
  const age = ageAt(dayOf(birth), timestamp)
  return { birth_date: dayOf(birth), age, age_band: ageBand(age) }
}

function placeOf({ location, nat }: IdentifiedUser) {
  return {
    city: given(location?.city),
    state: given(location?.state),
    country: given(location?.country),
    country_code: nat.trim().toUpperCase(),
    postcode: postcodeText(location?.postcode),
    latitude: degrees(location?.coordinates?.latitude, 90),
    longitude: degrees(location?.coordinates?.longitude, 180),
    utc_offset_minutes: offsetMinutes(location?.timezone?.offset),
  }
}
