import { createHash } from 'node:crypto'
import { type ApiUser, recorded } from '../../e2e/recorded.ts'

/** So many users in the API's format, each with a uuid of its own; the first are the recorded ones. */
export function people(count: number): ApiUser[] {
  return Array.from({ length: count }, (_, index) => {
    const user = recorded[index % recorded.length]!
    return index < recorded.length
      ? user
      : { ...user, login: { ...user.login, uuid: uuidOf(`user ${index}`) } }
  })
}

/** The same for the same name. */
export function uuidOf(name: string): string {
  const hex = createHash('md5').update(name).digest('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-')
}

/** Another one, like the given. */
export function another(user: ApiUser, name: string): ApiUser {
  return { ...user, login: { ...user.login, uuid: uuidOf(name) } }
}

/** A user whom nobody has fetched. */
export const STRANGER = uuidOf('nobody knows')
