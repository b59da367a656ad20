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
} from '../../../lib/index.ts'
import type { RandomUser } from '../../../schemas/random-user.ts'
import { type IdentifiedUser, implausible, unidentified } from '../../../topologies/insight/checks.ts'
import { countryProfiles } from '../../../topologies/insight/country-profiles.ts'
import * as counting from '../../../topologies/insight/counts.ts'
import { toCountryUser, usersByCountry, usersById } from '../../../topologies/insight/tables.ts'
import { toInsight } from '../../../topologies/insight/to-insight.ts'
import { userInsights } from '../../../topologies/user-insights.ts'
import { usersRaw } from '../../../topologies/users-raw.ts'

/** A copy of the pipeline's topology in which the band 25-34 is two. */
export default topology(
  'user-insights',
  ({ source }) => {
    const users = source('users', usersRaw)

    const insights = users.pipe(
      validate<string, RandomUser, IdentifiedUser>('identified', unidentified),
      validate('plausible', implausible),
      map('cleanse', (user, context) => {
        const insight = toInsight(user, context)
        return { ...insight, age_band: newBand(insight.age, insight.age_band) }
      }),
      enrich('country-profile', countryProfiles),
    )
    insights.pipe(sink('users-by-id', usersById))
    insights.pipe(map('by-country', toCountryUser), sink('users-by-country', usersByCountry))
    insights.pipe(sink('insights', userInsights))

    const counts = users.pipe(
      map('counted', counting.toCounted),
      keyBy('country', ({ country_code }) => country_code),
      window('per-minute', tumbling('1m', { grace: '30s' }), { emit: 'close', idleness: '2s' }),
      count('users-per-country'),
    )
    counts.pipe(
      toStream('closed'),
      map('user-count', counting.toUserCount),
      keyBy('country-of-count', ({ country_code }) => country_code),
      sink('counts', counting.userCounts),
    )
    counts.pipe(
      drops('uncounted'),
      filter('came-late', ({ reason }) => reason === 'late'),
      map('late-user', counting.toLateUser),
      sink('late', counting.lateUsers),
    )
    source('user-counts', counting.userCounts).pipe(
      map('count-row', counting.toCountRow),
      sink('user-counts-by-country', counting.userCountsByCountry),
    )
  },
  { guarantee: 'exactly-once' },
)

function newBand(age: number | null, band: string | null): string | null {
  if (age === null || age < 25 || age > 34) return band
  return age < 30 ? '25-29' : '30-34'
}
