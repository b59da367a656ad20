import { MillraceError, project } from '../lib/index.ts'
import { type RandomUser, randomUser } from '../schemas/random-user.ts'

/**
 * What capture sends for one element of the Random User API. Only what the contract names gets through: passwords,
 * salts, hashes and national id numbers have no field to go to. Odd but well-typed users pass, for the topology's
 * `validate` step to judge.
 * Throws `REJECTED`, with a reason that holds no value, for what can't be keyed (no `login.uuid`) or encoded.
 */
export function toRandomUser(payload: unknown, runId: string | null): RandomUser {
  const user = project(randomUser, payload)
  if (user.login.uuid === '')
    throw new MillraceError('REJECTED', 'login.uuid: expected a uuid, got an empty string')
  return { ...user, run_id: runId }
}
