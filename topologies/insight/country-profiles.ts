import { postgresLookup } from '../../connectors/postgres/index.ts'
import { lookup } from '../../lib/index.ts'
import type { UserInsight } from '../../schemas/user-insight.ts'

interface CountryProfile {
  readonly continent: string | null
  readonly currency: string | null
  readonly calling_code: string | null
}

const countries = postgresLookup<CountryProfile>('reference.countries', {
  key: 'country_code',
  columns: ['continent', 'currency', 'calling_code'],
})

/** An unknown code (LEGO) leaves the three fields unset, and is counted as `unmatched`. */
export const countryProfiles = lookup(countries, {
  by: (insight: UserInsight) => insight.country_code,
  merge: (insight, profile): UserInsight => ({
    ...insight,
    continent: profile?.continent ?? null,
    currency: profile?.currency ?? null,
    calling_code: profile?.calling_code ?? null,
  }),
})
