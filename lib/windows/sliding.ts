import { type Duration, duration } from '../duration.ts'
import type { GraceOptions } from './time-windows.ts'

/** Windows [start, start + difference], both ends included, that begin or end at a record. Milliseconds. */
export interface SlidingWindows {
  readonly kind: 'sliding'
  readonly difference: number
  readonly grace: number
}

/** Records at most `difference` apart share a window. (SlidingWindows#ofTimeDifferenceAndGrace) */
export function sliding(difference: Duration, { grace = 0 }: GraceOptions = {}): SlidingWindows {
  return Object.freeze({ kind: 'sliding', difference: duration(difference), grace: duration(grace) })
}
