import { HEAD_KEY, sealed, sealOf, unsealed } from './disk-layout.ts'

/**
 * Saved with each batch: what the caller wants kept, and what proves that all entries are those of this save, none
 * missing and none older.
 */
export interface Head {
  /** How many saves there were. */
  readonly sequence: number
  /** Entries of all stores. */
  readonly count: number
  /** The sum of all entries' seals, in 32 bits. */
  readonly sum: number
  readonly meta: Readonly<Record<string, string>>
  /** Whose state it is. */
  readonly owner?: string | undefined
}

export const NEVER_SAVED: Head = { sequence: 0, count: 0, sum: 0, meta: {} }

export function encodeHead(head: Head): Buffer {
  const json = Buffer.from(JSON.stringify(head))
  return sealed(sealOf(HEAD_KEY, json), json)
}

/** Undefined if the bytes are damaged. */
export function decodeHead(bytes: Buffer): Head | undefined {
  const json = unsealed(HEAD_KEY, bytes)?.[1]
  return json === undefined ? undefined : (JSON.parse(json.toString('utf8')) as Head)
}
