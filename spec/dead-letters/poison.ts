import { createHash } from 'node:crypto'
import { type ApiUser, recorded } from '../e2e/recorded.ts'

/** How many users are refused, by what refuses them: 100 in all. */
export const POISON = { capture: 20, check: 30, map: 30, future: 20 } as const

export interface StagedUser {
  readonly payload: unknown
  /** Milliseconds. */
  readonly fetchedAt: number
  /** What is staged instead once it has been mended. */
  readonly mended?: ApiUser
}

/** Further ahead than a source takes, and not than Kafka does: an hour. */
const AHEAD = 30 * 60_000

/** Recorded users under uuids of their own, `POISON` spread among them; all but those of the future within 20 seconds. */
export function poisoned(count: number, since: number): StagedUser[] {
  const kinds = Object.entries(POISON).flatMap(([kind, many]) => Array<string>(many).fill(kind))
  const every = Math.floor(count / kinds.length)
  return Array.from({ length: count }, (_, n) => {
    const kind = n % every === 0 ? kinds[n / every] : undefined
    const user = stranger(n, kind)
    const fetchedAt = since + Math.floor((n * 20_000) / count) + (kind === 'future' ? AHEAD : 0)
    if (kind !== 'capture') return { payload: user, fetchedAt }
    return { payload: { ...user, email: n }, fetchedAt, mended: user }
  })
}

function stranger(n: number, kind: string | undefined): ApiUser {
  const user = recorded[n % recorded.length]!
  const uuid = createHash('sha256').update(`poisoned ${n}`).digest('hex').slice(0, 32)
  const [, ...parts] = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(uuid)!
  const username = kind === undefined ? user.login.username : `${kind}-${n}`
  return { ...user, login: { ...user.login, uuid: parts.join('-'), username } }
}
