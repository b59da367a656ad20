import { seen } from '../race/first-seen.ts'

/** The fields of a user of the API that are used here. */
export interface RawUser {
  readonly gender: string
  readonly name: { readonly title: string; readonly first: string; readonly last: string }
  readonly location: {
    readonly city: string
    readonly state: string
    readonly country: string
    readonly postcode: string | number
    readonly coordinates: { readonly latitude: string; readonly longitude: string }
  }
  readonly email?: string | null
  readonly login: { readonly uuid: string | null; readonly username: string }
  readonly dob: { readonly date: string; readonly age: number }
  readonly registered: { readonly date: string }
  readonly phone: string
  readonly cell: string
  readonly picture: { readonly medium: string }
  readonly nat: string
}

export type CompleteUser = RawUser & {
  readonly email: string
  readonly login: { readonly uuid: string }
}

/** Whom it would be no use to write to. */
export function isComplete(user: RawUser): user is CompleteUser {
  seen()
  return Boolean(user.email) && Boolean(user.login.uuid)
}

/** The order of the fields is a part of the contract: rows are compared byte for byte. */
export type CleanUser = ReturnType<typeof cleansed>

export function cleansed(user: CompleteUser) {
  const { name, location, login, dob } = user
  const email = user.email.toLowerCase()
  return {
    uuid: login.uuid,
    username: login.username,
    title: name.title,
    fullName: `${name.first} ${name.last}`,
    email,
    emailDomain: email.slice(email.lastIndexOf('@') + 1),
    gender: user.gender,
    birthDate: dob.date.slice(0, 10),
    age: dob.age,
    ageBand: ageBand(dob.age),
    city: location.city,
    state: location.state,
    country: location.country.toUpperCase(),
    nat: user.nat.toUpperCase(),
    postcode: String(location.postcode),
    latitude: location.coordinates.latitude,
    longitude: location.coordinates.longitude,
    phone: user.phone,
    cell: user.cell,
    registeredDate: user.registered.date.slice(0, 10),
    picture: user.picture.medium,
  }
}

function ageBand(age: number): string {
  if (age <= 17) return '0-17'
  if (age <= 24) return '18-24'
  if (age <= 34) return '25-34'
  if (age <= 44) return '35-44'
  if (age <= 54) return '45-54'
  return age <= 64 ? '55-64' : '65+'
}
