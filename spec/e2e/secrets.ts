import { shortest } from './log-scan.ts'
import type { ApiUser } from './recorded.ts'

/** Passwords of recorded users that are in names: in Kafka's metadata, in dead letters' reasons, in "revision" and "millrace.marker". */
const WORDS = ['stream', 'string', 'vision', 'marker']

/**
 * What must not be in any byte of any topic: every salt, hash and national id number, and every password that is
 * neither shorter than six bytes nor part of what the same users may show (a user named "Michelle", and another's
 * password).
 */
export function secretsOf(users: readonly ApiUser[]): Set<string> {
  const allowed = users
    .map(({ login, id, ...user }) => JSON.stringify([user, login.uuid, login.username]))
    .join()
  const secrets = users.flatMap(({ login: { salt, md5, sha1, sha256 }, id }) => [
    ...[salt, md5, sha1, sha256],
    ...(id.value === null ? [] : [id.value]),
  ])
  const passwords = users
    .map(({ login }) => login.password)
    .filter((password) => Buffer.byteLength(password) >= shortest && !allowed.includes(password))
    .filter((password) => !WORDS.includes(password))
  return new Set([...secrets, ...passwords])
}

/** Names of the fields that are dropped. */
export const secretFields = ['password', 'sha256', 'sha1', 'md5']
