import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** Responses of the real Random User API v1.4, as recorded. */
const RECORDINGS = ['page-1', 'page-2', 'page-3', 'nat-in-ua-rs', 'lego']

/** The parts of a recorded user that a derived one changes. */
export interface RecordedUser {
  readonly email: string
  readonly login: { readonly uuid: string; readonly username: string }
}

interface Recording {
  readonly results: readonly RecordedUser[]
  readonly info: { readonly seed: string; readonly page: number }
}

const recordings = once(() =>
  RECORDINGS.map(
    (name): Recording =>
      JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8')),
  ),
)

const recordedUsers = once(() => recordings().flatMap(({ results }) => results))

/**
 * The first `count` users of a seed's page. As in the real API, seed and page alone fix the sequence and the page
 * size only cuts it. Recorded users come first; the rest are derived from recorded ones, each with its own uuid.
 */
export function usersOf(seed: string, page: number, count: number): readonly RecordedUser[] {
  const known = recordings().find(({ info }) => info.seed === seed && info.page === page)?.results ?? []
  const missing = Math.max(0, count - known.length)
  return [
    ...known.slice(0, count),
    ...Array.from({ length: missing }, (_, i) => derive(seed, page, known.length + i)),
  ]
}

function derive(seed: string, page: number, index: number): RecordedUser {
  const all = recordedUsers()
  const first = digest(`${seed}/${page}`).readUInt32BE() % all.length
  const base = all[(first + index) % all.length]!
  const identity = digest(`${seed}/${page}/${index}`)
  const suffix = identity.toString('hex', 16, 20)
  const [local, domain] = base.email.split('@')
  return {
    ...base,
    email: `${local}.${suffix}@${domain}`,
    login: { ...base.login, uuid: uuidFrom(identity), username: `${base.login.username}${suffix}` },
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** RFC 9562 layout, version 4, from 16 given bytes. */
function uuidFrom(bytes: Buffer): string {
  const b = Buffer.from(bytes.subarray(0, 16))
  b[6] = (b[6]! & 0x0f) | 0x40
  b[8] = (b[8]! & 0x3f) | 0x80
  return b.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}
