import { kafka } from '../connectors/kafka/index.ts'
import {
  count,
  drops,
  enrich,
  filter,
  keyBy,
  map,
  sink,
  topology,
  toStream,
  tumbling,
  validate,
  window,
} from '../lib/index.ts'
import type { RandomUser } from '../schemas/random-user.ts'
import { userInsight } from '../schemas/user-insight.ts'
import { type IdentifiedUser, implausible, unidentified } from './insight/checks.ts'
import { countryProfiles } from './insight/country-profiles.ts'
import {
  lateUsers,
  toCounted,
  toCountRow,
  toLateUser,
  toUserCount,
  userCounts,
  userCountsByCountry,
} from './insight/counts.ts'
import { toCountryUser, usersByCountry, usersById } from './insight/tables.ts'
import { toInsight } from './insight/to-insight.ts'
import { usersRaw } from './users-raw.ts'

export const userInsights = kafka('users.insights', { value: userInsight })

export default topology(
  'user-insights',
  ({ source }) => {
    const users = source('users', usersRaw)

    const insights = users.pipe(
      validate<string, RandomUser, IdentifiedUser>('identified', unidentified),
      validate('plausible', implausible),
      map('cleanse', toInsight),
      enrich('country-profile', countryProfiles),
    )
    insights.pipe(sink('users-by-id', usersById))
    insights.pipe(map('by-country', toCountryUser), sink('users-by-country', usersByCountry))
    insights.pipe(sink('insights', userInsights))

    const counts = users.pipe(
      map('counted', toCounted),
      keyBy('country', ({ country_code }) => country_code),
      window('per-minute', tumbling('1m', { grace: '30s' }), { emit: 'close', idleness: '2s' }),
      count('users-per-country'),
    )
    counts.pipe(
      toStream('closed'),
      map('user-count', toUserCount),
      keyBy('country-of-count', ({ country_code }) => country_code),
      sink('counts', userCounts),
    )
    counts.pipe(
      drops('uncounted'),
      filter('came-late', ({ reason }) => reason === 'late'),
      map('late-user', toLateUser),
      sink('late', lateUsers),
    )
    // From the topic: a table is written from what is committed there, corrections behind what they correct.
    source('user-counts', userCounts).pipe(
      map('count-row', toCountRow),
      sink('user-counts-by-country', userCountsByCountry),
    )
  },
  { guarantee: 'exactly-once' },
)
