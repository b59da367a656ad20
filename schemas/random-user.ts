// Generated from random-user.v1.avsc by `millrace types`: change the schema, not this file.
import { contractFile } from '../lib/index.ts'

/** A user as the Random User API (v1.4) returned it, without login.password, salt, md5, sha1, sha256 and without id.value. Nearly all is nullable: odd users must reach the topology's validate step. */
export interface RandomUser {
  readonly gender: string | null
  readonly name: Name | null
  readonly location: Location | null
  readonly email: string | null
  readonly login: Login
  readonly dob: DateAndAge | null
  readonly registered: DateAndAge | null
  readonly phone: string | null
  readonly cell: string | null
  readonly id: NationalId | null
  readonly picture: Picture | null
  readonly nat: string | null
  /** the ingest run that fetched it */
  readonly run_id: string | null
}

export interface Picture {
  readonly large: string | null
  readonly medium: string | null
  readonly thumbnail: string | null
}

export interface NationalId {
  /** the kind of number, e.g. SSN; the number itself is dropped */
  readonly name: string | null
}

export interface DateAndAge {
  /** ISO 8601, as given */
  readonly date: string | null
  /** as computed at fetch time */
  readonly age: number | null
}

export interface Login {
  /** The key. Not a logical uuid: whether it is a valid one is for validate to say. */
  readonly uuid: string
  readonly username: string | null
}

export interface Location {
  readonly street: Street | null
  readonly city: string | null
  readonly state: string | null
  readonly country: string | null
  readonly postcode: number | string | null
  readonly coordinates: Coordinates | null
  readonly timezone: Timezone | null
}

export interface Timezone {
  readonly offset: string | null
  readonly description: string | null
}

export interface Coordinates {
  readonly latitude: string | null
  readonly longitude: string | null
}

export interface Street {
  readonly number: number | null
  readonly name: string | null
}

export interface Name {
  readonly title: string | null
  readonly first: string | null
  readonly last: string | null
}

export const randomUser = contractFile<RandomUser>(new URL('./random-user.v1.avsc', import.meta.url))
