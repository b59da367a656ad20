// Generated from late-user.v1.avsc by `millrace types`: change the schema, not this file.
import { contractFile } from '../lib/index.ts'

/** A user that came after its window had closed, and is in no count. The record's timestamp is the user's. */
export interface LateUser {
  readonly country_code: string
  /** milliseconds since 1970 UTC */
  readonly window_start: number
  /** milliseconds since 1970 UTC; exclusive */
  readonly window_end: number
  readonly reason: string
  /** how far stream time was ahead of the user */
  readonly late_by_ms: number
  /** topic/partition/offset in users.raw */
  readonly source: string
}

export const lateUser = contractFile<LateUser>(new URL('./late-user.v1.avsc', import.meta.url))
