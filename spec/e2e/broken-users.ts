import { createHash } from 'node:crypto'
import { type ApiUser, recorded } from './recorded.ts'

type Break = (user: ApiUser) => unknown

/** Every kind of break, with words that the reason of its dead letter must have. */
const BREAKS: readonly (readonly [reason: RegExp, Break])[] = [
  [/object/, () => null],
  [/object/, () => 42],
  [/object/, () => 'a user'],
  [/object/, (user) => [user]],
  [/object/, () => true],
  [/uuid|login/, () => ({})],
  [/uuid|login/, (user) => ({ ...user, login: null })],
  [/uuid|login/, ({ login, ...user }) => user],
  [/uuid|login/, (user) => ({ ...user, login: user.login.uuid })],
  [/uuid/, (user) => login(user, { uuid: undefined })],
  [/uuid/, (user) => login(user, { uuid: null })],
  [/uuid/, (user) => login(user, { uuid: '' })],
  [/uuid/, (user) => login(user, { uuid: 7 })],
  [/uuid/, (user) => login(user, { uuid: 'no-uuid-at-all' })],
  [/uuid/, (user) => login(user, { uuid: user.login.uuid.slice(1) })],
  [/uuid/, (user) => login(user, { uuid: user.login.uuid.replace(/^./, 'g') })],
  [/e-mail/, ({ email, ...user }) => user],
  [/e-mail/, (user) => ({ ...user, email: null })],
  [/e-mail/, (user) => ({ ...user, email: '' })],
  [/e-mail/, (user) => ({ ...user, email: ' \t ' })],
  [/email/, (user) => ({ ...user, email: 5 })],
  [/nat/, ({ nat, ...user }) => user],
  [/nat/, (user) => ({ ...user, nat: '' })],
  [/birth|dob/, (user) => ({ ...user, dob: { ...user.dob, date: '2999-01-01T00:00:00.000Z' } })],
  [/birth|dob/, (user) => ({ ...user, dob: { ...user.dob, date: 'yesterday' } })],
  [/dob/, (user) => ({ ...user, dob: { ...user.dob, date: 631_152_000_000 } })],
  [/postcode/, (user) => ({ ...user, location: { ...user.location, postcode: 12.5 } })],
  [/name/, (user) => ({ ...user, name: [user.name.first, user.name.last] })],
  [/JSON/, (user) => ({ ...user, location: { ...user.location, city: 'Nul\u0000city' } })],
  [/JSON/, (user) => ({ ...user, name: { ...user.name, first: 'half \ud83d of a pair' } })],
]

export interface BrokenUser {
  readonly element: unknown
  readonly reason: RegExp
  /** What must not leave staging, also of a broken user. */
  readonly whole: ApiUser
}

/** Thirty users, each broken in its own way and with a uuid and secrets of its own. */
export const brokenUsers: readonly BrokenUser[] = BREAKS.map(([reason, broken], index) => {
  const whole = strangerOf(index)
  return { element: broken(whole), reason, whole }
})

function login(user: ApiUser, change: Record<string, unknown>): unknown {
  return { ...user, login: { ...user.login, ...change } }
}

function strangerOf(index: number): ApiUser {
  const base = recorded[index * 31] as ApiUser
  const hash = (name: string) => createHash(name).update(`broken user ${index}`).digest('hex')
  const uuid = hash('sha256').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
  const secrets = { password: `Password-${hash('md5').slice(9, 17)}`, salt: hash('sha1').slice(0, 8) }
  const hashes = { md5: hash('md5'), sha1: hash('sha1'), sha256: hash('sha512').slice(0, 64) }
  return {
    ...base,
    login: { ...base.login, uuid, ...secrets, ...hashes },
    id: { name: 'NINO', value: `NI ${hash('sha384').slice(0, 10)}` },
  }
}
