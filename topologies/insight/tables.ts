import { cassandra } from '../../connectors/cassandra/index.ts'
import type { UserInsight } from '../../schemas/user-insight.ts'

/** Queries: one user by id. */
export const usersById = cassandra('users_by_id', {
  columns: {
    user_id: 'uuid',
    full_name: 'text',
    first_name: 'text',
    last_name: 'text',
    title: 'text',
    gender: 'text',
    email: 'text',
    email_domain: 'text',
    username: 'text',
    birth_date: 'date',
    age: 'int',
    age_band: 'text',
    registered_at: 'timestamp',
    tenure_days: 'int',
    phone: 'text',
    cell: 'text',
    city: 'text',
    state: 'text',
    country: 'text',
    country_code: 'text',
    postcode: 'text',
    latitude: 'double',
    longitude: 'double',
    utc_offset_minutes: 'int',
    continent: 'text',
    currency: 'text',
    calling_code: 'text',
    picture_url: 'text',
    run_id: 'text',
    fetched_at: 'timestamp',
    source: 'text',
  },
  primaryKey: { partition: ['user_id'] },
})

export type CountryUser = Pick<
  UserInsight,
  'country_code' | 'user_id' | 'age_band' | 'full_name' | 'city' | 'registered_at'
>

/** Queries: the users of a country, and of a country by age band (SAI). */
export const usersByCountry = cassandra('users_by_country', {
  columns: {
    country_code: 'text',
    user_id: 'uuid',
    age_band: 'text',
    full_name: 'text',
    city: 'text',
    registered_at: 'timestamp',
  },
  primaryKey: { partition: ['country_code'], clustering: ['user_id'] },
  indexes: [{ column: 'age_band', using: 'sai' }],
})

export function toCountryUser(insight: UserInsight): CountryUser {
  const { country_code, user_id, age_band, full_name, city, registered_at } = insight
  return { country_code, user_id, age_band, full_name, city, registered_at }
}
