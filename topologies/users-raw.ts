import { kafka } from '../connectors/kafka/index.ts'
import { type Headers, MillraceError } from '../lib/index.ts'
import { type RandomUser, randomUser } from '../schemas/random-user.ts'
import { toRandomUser } from './random-user-payload.ts'

/** What capture writes and `user-insights` reads. */
export const usersRaw = kafka('users.raw', { value: randomUser })

/** The capture flow: staged rows, in commit order, to `users.raw`. */
export const usersRawCapture = {
  name: 'users-raw',
  table: 'staging.random_users',
  identity: 'id',
  publication: 'millrace_users_raw',
  slot: 'millrace_users_raw',
  topic: usersRaw.name,
  deadLetterTopic: 'users.raw.dlq',
} as const

/** Header of a raw record: the staging row it came from. */
export const STAGING_ID = 'millrace.staging.id'

export interface RawUser {
  readonly key: string
  readonly value: RandomUser
  /** Fetch time of the staging row: the write clock of all that follows. */
  readonly timestamp: number
  readonly headers: Headers
}

/**
 * A staging row, column by column as PostgreSQL text, as a record of `users.raw`.
 *
 * @throws MillraceError `REJECTED` when the row can't be keyed or does not fit the contract.
 */
export function toRawUser(row: Readonly<Record<string, string | null>>): RawUser {
  const { id, run_id: runId, payload, fetched_at: fetchedAt } = row
  if (payload == null) throw new MillraceError('REJECTED', 'the payload is no JSON that PostgreSQL can hold')
  const value = toRandomUser(JSON.parse(payload), runId ?? null)
  return {
    // A uuid is the same in upper case: one user, one key, and so one partition and order.
    key: value.login.uuid.toLowerCase(),
    value,
    timestamp: timestampOf(fetchedAt),
    headers: [[STAGING_ID, Buffer.from(id ?? '')]],
  }
}

/** PostgreSQL's text of a timestamptz: `2026-11-22 18:30:00.123+00`. */
function timestampOf(text: string | null | undefined): number {
  const iso = (text ?? '').replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00')
  const timestamp = Date.parse(iso)
  if (Number.isNaN(timestamp)) throw new MillraceError('REJECTED', 'fetched_at is no timestamp')
  return timestamp
}
