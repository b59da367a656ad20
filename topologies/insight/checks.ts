import type { Context } from '../../lib/index.ts'
import type { RandomUser } from '../../schemas/random-user.ts'
import { isUuid, trimmed } from './text.ts'
import { dayOf, instantOf } from './time.ts'

/** What `identified` guarantees. */
export interface IdentifiedUser extends RandomUser {
  readonly email: string
  readonly nat: string
}

/** A reason, or undefined: without a valid uuid, an e-mail and a nationality there is no user to speak of. */
export function unidentified(user: RandomUser): string | undefined {
  if (!isUuid(user.login.uuid)) return 'login.uuid is no uuid'
  if (trimmed(user.email) === null) return 'no e-mail'
  if (trimmed(user.nat) === null) return 'no nat'
  return undefined
}

/** A reason, or undefined: dates must be dates, and nobody is born after the record's timestamp. */
export function implausible(user: IdentifiedUser, { timestamp }: Context): string | undefined {
  const birth = instantOf(user.dob?.date)
  const registered = instantOf(user.registered?.date)
  if (Number.isNaN(birth)) return 'dob.date is no date'
  if (Number.isNaN(registered)) return 'registered.date is no date'
  if (birth !== undefined && dayOf(birth) > dayOf(timestamp)) return 'birth date after the record'
  return undefined
}
