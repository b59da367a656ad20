import { kafka } from '../connectors/kafka/index.ts'
import { enrich, map, sink, topology, validate } from '../lib/index.ts'
import type { RandomUser } from '../schemas/random-user.ts'
import { userInsight } from '../schemas/user-insight.ts'
import { type IdentifiedUser, implausible, unidentified } from './insight/checks.ts'
import { countryProfiles } from './insight/country-profiles.ts'
import { toCountryUser, usersByCountry, usersById } from './insight/tables.ts'
import { toInsight } from './insight/to-insight.ts'
import { usersRaw } from './users-raw.ts'

export const userInsights = kafka('users.insights', { value: userInsight })

export default topology('user-insights', ({ source }) => {
  const insights = source('users', usersRaw).pipe(
    validate<string, RandomUser, IdentifiedUser>('identified', unidentified),
    validate('plausible', implausible),
    map('cleanse', toInsight),
    enrich('country-profile', countryProfiles),
  )
  insights.pipe(sink('users-by-id', usersById))
  insights.pipe(map('by-country', toCountryUser), sink('users-by-country', usersByCountry))
  insights.pipe(sink('insights', userInsights))
})
