import { usersOf } from '../connectors/http/recorded-users.ts'
import type { Broker } from '../lib/broker/broker.ts'
import { NO_HEADERS, type OutRecord } from '../lib/record.ts'
import { seededRandom } from '../lib/testing/random.ts'
import { Checksum } from './race/checksum.ts'
import { PARTITIONS } from './race/contestant.ts'
import { type CleanUser, cleansed, isComplete, type RawUser } from './w1/cleanse.ts'

const HOUR = 3_600_000
const MINUTE = 60_000
const BEGINNING = Date.parse('2026-11-20T00:00:00Z')
/** Of the records: of an earlier time than the one before them, by up to this many milliseconds. */
const LATE = 0.05
const LATEST = 30_000
const NO_EMAIL = 0.01
const NO_UUID = 0.005
const AT_A_TIME = 5_000

/** Formats of W1's input and output. */
export interface UserFormats {
  readonly raw: (user: RawUser) => Buffer
  readonly clean: (user: CleanUser) => Buffer
}

const asJson = (value: unknown) => Buffer.from(JSON.stringify(value))
const JSON_FORMATS: UserFormats = { raw: asJson, clean: asJson }

export interface UsersOptions {
  readonly number: number
  readonly seed: number
  readonly partitions?: number
  /** Of what W2 counts. Milliseconds; default: a minute. */
  readonly window?: number | undefined
  /** How users and what comes of them are written. Default: as JSON. */
  readonly formats?: UserFormats
  /** How many of the partitions get any, each the same share. Default: all, by the users' keys. */
  readonly into?: number
}

export interface Users {
  readonly topic: string
  /** Of the rows that are to come of W1. */
  readonly clean: string
  /** Of the rows that are to come of W3. */
  readonly scores: string
  /** By country and minute, as `windowName` says them: what W2 is to count. */
  readonly counts: ReadonlyMap<string, number>
}

/**
 * Users of 1.1 KB of JSON in four partitions: an hour of event time in order, one in twenty up to 30 s late; one in a
 * hundred has no e-mail address (missing, null or empty), one in two hundred no uuid.
 */
export async function writeUsers(
  broker: Broker,
  topic: string,
  {
    number,
    seed,
    partitions = PARTITIONS,
    into,
    formats = JSON_FORMATS,
    window: size = MINUTE,
  }: UsersOptions,
): Promise<Users> {
  await broker.admin.createTopic({ topic, partitions, config: { 'retention.ms': '-1' } })
  const random = seededRandom(seed)
  const people = wholeUsers(1_000)
  const [clean, scores] = [new Checksum(), new Checksum()]
  const counts = new Map<string, number>()
  const producer = await broker.producer({ clientId: 'bench' })
  for (let written = 0; written < number; written += AT_A_TIME) {
    const records: OutRecord[] = []
    for (let n = written; n < Math.min(number, written + AT_A_TIME); n++) {
      const id = uuidOf(n, random)
      const user = userOf(people[Math.floor(random() * people.length)]!, n, id, random())
      const lag = random() < LATE ? Math.floor(random() * LATEST) : 0
      const timestamp = Math.max(BEGINNING, BEGINNING + Math.floor((n * HOUR) / number) - lag)
      const key = Buffer.from(id)
      const value = formats.raw(user)
      const partition = into && Math.floor(random() * into)
      records.push({ topic, partition, key, value, timestamp, headers: NO_HEADERS })
      if (isComplete(user)) clean.add(key, formats.clean(cleansed(user)))
      scores.add(key, Buffer.from(String(user.dob.age * 2)))
      const window = windowName(user.nat.toUpperCase(), timestamp - (timestamp % size))
      counts.set(window, (counts.get(window) ?? 0) + 1)
    }
    await producer.send(records)
  }
  await producer.close()
  return { topic, clean: clean.text, scores: scores.text, counts }
}

export function windowName(country: string, start: number): string {
  return `${country}@${start}`
}

/** At most so many of the API, without its lego figures: these live nowhere. */
export function wholeUsers(most: number): readonly RawUser[] {
  const users = usersOf('bench', 1, most) as unknown as readonly RawUser[]
  return users.filter(({ location }) => location.country !== undefined)
}

/** Someone like them, but with an identity of their own, or a part of it missing. */
function userOf(one: RawUser, n: number, uuid: string, chance: number): RawUser {
  const user = { ...one, email: `U${n}.${one.email}`, login: { ...one.login, uuid } }
  if (chance < NO_EMAIL) {
    const { email, ...rest } = user
    return n % 3 === 0 ? rest : { ...user, email: n % 3 === 1 ? null : '' }
  }
  return chance < NO_EMAIL + NO_UUID ? { ...user, login: { ...one.login, uuid: null } } : user
}

function uuidOf(n: number, random: () => number): string {
  const hex = (digits: number) =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0')
  return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${n.toString(16).padStart(12, '0')}`
}
