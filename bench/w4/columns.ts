import type { CleanUser } from '../w1/cleanse.ts'

/** Of the table, in the order of the fields of a clean user. */
export const COLUMNS = {
  uuid: 'text',
  username: 'text',
  title: 'text',
  full_name: 'text',
  email: 'text',
  email_domain: 'text',
  gender: 'text',
  birth_date: 'text',
  age: 'int',
  age_band: 'text',
  city: 'text',
  state: 'text',
  country: 'text',
  nat: 'text',
  postcode: 'text',
  latitude: 'text',
  longitude: 'text',
  phone: 'text',
  cell: 'text',
  registered_date: 'text',
  picture: 'text',
} as const

export const TABLE = 'clean_users'
type Columns = typeof COLUMNS
export type UserRow = { readonly [N in keyof Columns]: Columns[N] extends 'int' ? number : string }

export function rowOf(user: CleanUser): UserRow {
  const values = Object.values(user)
  return Object.fromEntries(Object.keys(COLUMNS).map((name, index) => [name, values[index]!])) as UserRow
}

/** The clean user of a row's values, as W1 writes it. */
export function cleanText(values: readonly unknown[]): string {
  const fields = Object.keys(COLUMNS).map((name) =>
    name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()),
  )
  return JSON.stringify(Object.fromEntries(fields.map((field, index) => [field, values[index]])))
}
