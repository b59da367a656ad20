import { type Duration, duration } from '../duration.ts'
import type { Starts } from './starts.ts'
import type { GraceOptions } from './time-windows.ts'

/** Windows [start, start + difference], both ends included, that begin or end at a record. Milliseconds. */
export interface SlidingWindows {
  readonly kind: 'sliding'
  readonly difference: number
  readonly grace: number
}

/**
 * Records at most `difference` apart share a window. Each record opens the window that ends at it, and the window 1 ms
 * behind it once a later record is there to be in it; records before `difference` share [0, difference].
 * (SlidingWindows#ofTimeDifferenceAndGrace, KIP-450)
 *
 * ```text
 * difference 10       a@100     b@104             c@111
 * of a        [90 --------- 100]                           a
 * behind a                 [101 ----------------- 111]     b c
 * of b            [94 --------- 104]                       a b
 * behind b                      [105 ---------------- 115] c
 * of c                     [101 ----------------- 111]     is the one behind a
 * ```
 */
export function sliding(difference: Duration, { grace = 0 }: GraceOptions = {}): SlidingWindows {
  return Object.freeze({ kind: 'sliding', difference: duration(difference), grace: duration(grace) })
}

/**
 * Which windows close when time, less the grace, goes on from `before` to `closed`: those whose end, which is in them,
 * is in [before, closed). Undefined if there are none. `before` is -1 at first.
 */
export function closingSlidingWindows(
  { difference }: SlidingWindows,
  before: number,
  closed: number,
): Starts | undefined {
  const first = Math.max(0, before - difference)
  const last = closed - difference - 1
  return last < first ? undefined : { first, last }
}
