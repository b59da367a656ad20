// Generated from user-insight.v1.avsc by `millrace types`: change the schema, not this file.
import { contractFile } from '../lib/index.ts'

/** A cleansed and enriched user. Required is what the validate step guarantees, or what follows from the record itself. */
export interface UserInsight {
  /** uuid */
  readonly user_id: string
  readonly full_name: string | null
  readonly first_name: string | null
  readonly last_name: string | null
  readonly title: string | null
  readonly gender: string | null
  readonly email: string
  readonly email_domain: string | null
  readonly username: string | null
  /** days since 1970 */
  readonly birth_date: number | null
  readonly age: number | null
  readonly age_band: string | null
  /** milliseconds since 1970 UTC */
  readonly registered_at: number | null
  readonly tenure_days: number | null
  readonly phone: string | null
  readonly cell: string | null
  readonly city: string | null
  readonly state: string | null
  readonly country: string | null
  readonly country_code: string
  readonly postcode: string | null
  readonly latitude: number | null
  readonly longitude: number | null
  readonly utc_offset_minutes: number | null
  readonly continent: string | null
  readonly currency: string | null
  readonly calling_code: string | null
  readonly picture_url: string | null
  readonly run_id: string | null
  /** milliseconds since 1970 UTC */
  readonly fetched_at: number
  /** topic/partition/offset in users.raw */
  readonly source: string
}

export const userInsight = contractFile<UserInsight>(new URL('./user-insight.v1.avsc', import.meta.url))
