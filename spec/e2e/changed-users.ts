import { type ApiUser, recorded } from './recorded.ts'

type Change = (user: ApiUser) => unknown

/** Odd, but none of them broken: each must arrive as DESIGN's table says. */
const CHANGES: readonly Change[] = [
  (user) => name(user, { first: '  Anna \u00a0 Maria\t', last: '\u3000Lopez  Garcia ' }),
  (user) => name(user, { first: 'Zoe\u0308', last: 'A\u030angstro\u0308m' }),
  (user) => name(user, { first: 'محمد', last: '王小明 🦄' }),
  (user) => ({ ...user, name: { title: null, first: null, last: user.name.last } }),
  ({ name, ...user }) => user,
  (user) => ({ ...user, gender: 'FEMALE' }),
  (user) => ({ ...user, email: `  ${user.email.toUpperCase()} ` }),
  (user) => ({ ...user, email: '"odd@local"@Example.ORG' }),
  (user) => ({ ...user, login: { ...user.login, uuid: user.login.uuid.toUpperCase() } }),
  (user) => ({ ...user, login: { uuid: user.login.uuid } }),
  (user) => ({ ...user, nat: user.nat.toLowerCase() }),
  (user) => ({ ...user, dob: { ...user.dob, date: '2004-02-29T23:59:59.999Z' } }),
  (user) => ({ ...user, dob: { ...user.dob, date: new Date().toISOString() } }),
  (user) => ({ ...user, dob: { ...user.dob, date: '1969-12-31T22:30:00.000-02:00' } }),
  (user) => ({ ...user, dob: { ...user.dob, date: '1899-07-01T00:00:00.000Z' } }),
  ({ dob, ...user }) => user,
  (user) => ({ ...user, registered: null }),
  (user) => ({ ...user, phone: ' 0047 22 33 44 \n', cell: '' }),
  (user) => ({ ...user, location: null }),
  (user) => location(user, { postcode: '00123' }),
  (user) => location(user, { postcode: null, country: null }),
  (user) => location(user, { coordinates: { latitude: '90.0001', longitude: '-180' } }),
  (user) => location(user, { coordinates: { latitude: 'NaN', longitude: 'Infinity' } }),
  (user) => location(user, { coordinates: { latitude: '-0.5', longitude: '' } }),
  (user) => location(user, { coordinates: null, timezone: { offset: '-3:30' } }),
  (user) => location(user, { timezone: { offset: 'somewhere' } }),
  (user) => ({ ...user, picture: { large: null } }),
  (user) => ({ ...user, id: null, unheardOf: { deeply: [{ nested: true }] }, ['__proto__']: { own: true } }),
]

function name(user: ApiUser, change: Partial<ApiUser['name']>): unknown {
  return { ...user, name: { ...user.name, ...change } }
}

function location(user: ApiUser, change: Record<string, unknown>): unknown {
  return { ...user, location: { ...user.location, ...change } }
}

/** A user whom the API later returns without e-mail: a dead letter, and the row stays as it was. */
export const spoiled: ApiUser = recorded[1500]!

/** All recorded users again: some changed, one twice on the page with two contents, one now broken. */
export const servedAgain: readonly unknown[] = [
  ...recorded.map((user, index) => {
    if (user === spoiled) return { ...user, email: '' }
    const change = index % 37 === 0 ? CHANGES[index / 37] : undefined
    return change === undefined ? user : change(user)
  }),
  name(recorded[1]!, { first: 'Second', last: 'Thought' }),
]
