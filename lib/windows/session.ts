import { type Duration, duration } from '../duration.ts'
import type { GraceOptions } from './time-windows.ts'

/** Sessions [first record, last record] of records at most `gap` apart. Milliseconds. */
export interface SessionWindows {
  readonly kind: 'session'
  readonly gap: number
  readonly grace: number
}

/** Records of a key belong together while no more than `gap` lies between them. (SessionWindows) */
export function session(gap: Duration, { grace = 0 }: GraceOptions = {}): SessionWindows {
  return Object.freeze({ kind: 'session', gap: duration(gap), grace: duration(grace) })
}
