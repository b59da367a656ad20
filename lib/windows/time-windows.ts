import { type Duration, duration } from '../duration.ts'
import { MillraceError } from '../errors.ts'
import type { Starts } from './starts.ts'

/** Windows [start, start + size), a new one every `advance`, aligned to 1970. Milliseconds. (TimeWindows) */
export interface TimeWindows {
  readonly kind: 'time'
  readonly size: number
  readonly advance: number
  readonly grace: number
}

export interface GraceOptions {
  /** How long after its end, by stream time, a window still takes late records. Default 0. */
  readonly grace?: Duration
}

/** @throws MillraceError `CONFIG`, naming what is wrong. */
export function timeWindows(size: number, advance: number, { grace = 0 }: GraceOptions): TimeWindows {
  if (size < 1) throw new MillraceError('CONFIG', `a window's size must be at least 1ms, not ${size}ms`)
  if (advance < 1 || advance > size) {
    const message = `a window's advance must be between 1ms and its size of ${size}ms, not ${advance}ms`
    throw new MillraceError('CONFIG', message)
  }
  return Object.freeze({ kind: 'time', size, advance, grace: duration(grace) })
}

/** The starts of the windows that hold this time, ascending; none begins before 0. (TimeWindows#windowsFor) */
export function startsFor({ size, advance }: TimeWindows, timestamp: number): number[] {
  const starts: number[] = []
  const first = Math.max(0, timestamp - size + advance)
  for (let start = first - (first % advance); start <= timestamp; start += advance) starts.push(start)
  return starts
}

/**
 * Which windows close when time, less the grace, goes on from `before` to `closed`: those whose end is in
 * (before, closed]. Undefined if there are none. `before` is -1 at first.
 */
export function closingTimeWindows(
  { size, advance }: TimeWindows,
  before: number,
  closed: number,
): Starts | undefined {
  const first = Math.max(0, before - size + 1)
  const last = closed - size
  const none = last < first || last - (last % advance) < first
  return none ? undefined : { first, last }
}
