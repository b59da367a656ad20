import { readFileSync } from 'node:fs'

/** The parts of a recorded user that specs change or search for. */
export interface ApiUser {
  name: { title: string; first: string; last: string }
  location: { city: string; country?: string; postcode: string | number; [field: string]: unknown }
  email: string
  login: {
    uuid: string
    username: string
    password: string
    salt: string
    md5: string
    sha1: string
    sha256: string
  }
  dob: { date: string; age: number }
  registered: { date: string; age: number }
  phone: string
  id: { name: string; value: string | null }
  nat: string
  [field: string]: unknown
}

/** The 1,570 users of the recorded API responses. */
export const recorded: readonly ApiUser[] = ['page-1', 'page-2', 'page-3', 'nat-in-ua-rs', 'lego'].flatMap(
  (name) => {
    const file = new URL(`../../connectors/http/fixtures/${name}.json`, import.meta.url)
    return JSON.parse(readFileSync(file, 'utf8')).results
  },
)

/** The other elements spread evenly between the first ones. */
export function mixed<T>(most: readonly T[], others: readonly T[]): T[] {
  const every = Math.floor(most.length / others.length)
  return most.flatMap((element, i) => {
    const other = i % every === 0 ? others[i / every] : undefined
    return i % every === 0 && i / every < others.length ? [other as T, element] : [element]
  })
}
