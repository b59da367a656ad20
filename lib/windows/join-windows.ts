import { type Duration, duration } from '../duration.ts'

/** A right record joins a left one when `left - before <= right <= left + after`. Milliseconds. (JoinWindows) */
export interface JoinWindows {
  readonly before: number
  readonly after: number
  readonly grace: number
}

export interface JoinWindowOptions {
  /** How far the right record may lie before the left one. Default: as `after`. */
  readonly before?: Duration
  /** How far the right record may lie after the left one. */
  readonly after: Duration
  /** How long after its window, by stream time, a record still waits for late ones. Default 0. */
  readonly grace?: Duration
}

/** `within('5s')`: at most five seconds apart. (JoinWindows#ofTimeDifferenceAndGrace) */
export function within(said: Duration | JoinWindowOptions): JoinWindows {
  const { before, after, grace = 0 } = typeof said === 'object' ? said : { after: said }
  return Object.freeze({
    before: duration(before ?? after),
    after: duration(after),
    grace: duration(grace),
  })
}
