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

/** The pipeline's topology with three faults, which the spec has mended by `SPEC_FIXED=yes`. */
const fixed = process.env.SPEC_FIXED === 'yes'
const futureTolerance = fixed ? '30d' : '5m'
const starts = ({ login }: RandomUser, what: string) => !fixed && (login.username ?? '').startsWith(what)

export default topology(
  'user-insights',
  ({ source }) => {
    const users = source('users', usersRaw, { futureTolerance })

    const insights = users.pipe(
      validate<string, RandomUser, IdentifiedUser>('identified', (user) => {
        return starts(user, 'check-') ? `user ${user.login.uuid} is checked wrongly` : unidentified(user)
      }),
      validate('plausible', implausible),
      map('cleanse', (user, context) => {
        if (starts(user, 'map-')) throw new TypeError(`can't read "${user.login.username}"`)
        return toInsight(user, context)
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
    source('user-counts', counting.userCounts, { futureTolerance }).pipe(
      map('count-row', counting.toCountRow),
      sink('user-counts-by-country', counting.userCountsByCountry),
    )
  },
  { guarantee: 'exactly-once' },
)
