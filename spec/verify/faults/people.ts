import { type ApiUser, recorded } from '../../e2e/recorded.ts'
import { uuidOf } from '../uuid-of.ts'

/** So many users in the API's format, each with a uuid of its own; the first are the recorded ones. */
export function people(count: number): ApiUser[] {
  return Array.from({ length: count }, (_, index) => {
    const user = recorded[index % recorded.length]!
    return index < recorded.length
      ? user
      : { ...user, login: { ...user.login, uuid: uuidOf(`user ${index}`) } }
  })
}

/** Another one, like the given. */
export function another(user: ApiUser, name: string): ApiUser {
  return { ...user, login: { ...user.login, uuid: uuidOf(name) } }
}

/** A user whom nobody has fetched. */
export const STRANGER = uuidOf('nobody knows')
