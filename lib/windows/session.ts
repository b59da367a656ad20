import { type Duration, duration } from '../duration.ts'
import type { GraceOptions } from './time-windows.ts'

/** Sessions [first record, last record] of records at most `gap` apart. Milliseconds. */
export interface SessionWindows {
  readonly kind: 'session'
  readonly gap: number
  readonly grace: number
}

/**
 * Records of a key belong together while no more than `gap` lies between them. A record between two sessions makes
 * them one. A late record is kept while the session that it belongs to can still grow. (SessionWindows, KIP-94)
 *
 * ```text
 * gap 5      a@10  a@13       a@22   b@40           then a@17, at most 5 from 13 and from 22
 *            |-- a --|         a      b
 *            10     13        22     40
 *            |--------- a ----------|               tombstones of [10, 13] and [22, 22], then [10, 22]
 *            10                    22
 * ```
 */
export function session(gap: Duration, { grace = 0 }: GraceOptions = {}): SessionWindows {
  return Object.freeze({ kind: 'session', gap: duration(gap), grace: duration(grace) })
}

/** The session that begins with a record at this time and takes in those that it touches. */
export function spanning<K>(
  key: K,
  time: number,
  sessions: readonly { readonly key: { readonly start: number; readonly end: number } }[],
): { readonly key: K; readonly start: number; readonly end: number } {
  const start = sessions.reduce((earliest, { key: other }) => Math.min(earliest, other.start), time)
  const end = sessions.reduce((latest, { key: other }) => Math.max(latest, other.end), time)
  return { key, start, end }
}
