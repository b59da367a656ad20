import { type Duration, duration } from '../duration.ts'
import { MillraceError } from '../errors.ts'

/** A right record joins a left one when `left - before <= right <= left + after`. Milliseconds. (JoinWindows) */
export interface JoinWindows {
  readonly before: number
  readonly after: number
  readonly grace: number
}

export interface JoinWindowOptions {
  /** How far the right record may lie before the left one. Default: as `after`. Negative (`'-5s'`): it lies after it. */
  readonly before?: Duration
  /** How far the right record may lie after the left one. Negative: it lies before it. */
  readonly after: Duration
  /** How long after its window, by stream time, a record still waits for late ones. Default 0. */
  readonly grace?: Duration
}

/**
 * `within('5s')`: at most five seconds apart. (JoinWindows#ofTimeDifferenceAndGrace)
 *
 * ```text
 * { before: 2, after: 5 }     left@10
 *              |--------------|-----------------------------------|
 *              right@8                                       right@15
 * ```
 *
 * @throws MillraceError `CONFIG` for a window that ends before it begins.
 */
export function within(said: Duration | JoinWindowOptions): JoinWindows {
  const { before, after, grace = 0 } = typeof said === 'object' ? said : { after: said }
  const windows = { before: signed(before ?? after), after: signed(after), grace: duration(grace) }
  if (windows.before + windows.after < 0) {
    const message = `a join's window must not end (${windows.after}ms) before it begins (${-windows.before}ms)`
    throw new MillraceError('CONFIG', message)
  }
  return Object.freeze(windows)
}

function signed(said: Duration): number {
  const text = String(said)
  return text.startsWith('-') ? -duration(typeof said === 'number' ? -said : text.slice(1)) : duration(said)
}
