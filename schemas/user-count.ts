// Generated from user-count.v1.avsc by `millrace types`: change the schema, not this file.
import { contractFile } from '../lib/index.ts'

/** How many users of a country were fetched in one minute, when that window closed. Of several for one country and window the one with the largest revision holds. */
export interface UserCount {
  readonly country_code: string
  /** milliseconds since 1970 UTC */
  readonly window_start: number
  /** milliseconds since 1970 UTC; exclusive */
  readonly window_end: number
  readonly users: number
  /** time, or idle: shown early, and corrected by a later revision if records still came in time */
  readonly close_reason: string
  /** 1, and one more with each correction */
  readonly revision: number
}

export const userCount = contractFile<UserCount>(new URL('./user-count.v1.avsc', import.meta.url))
