import { type Duration, duration } from '../duration.ts'
import { MillraceError } from '../errors.ts'
import type { BufferLimits, UntilTimeLimit, UntilWindowCloses } from '../topology/table-nodes.ts'

export interface SuppressLimits {
  /** How many keys may wait. Default: any number. */
  readonly maxRecords?: number
  /**
   * How many bytes may wait: keys, rows (as they were and are, in the format in which the table keeps them), headers
   * and where records came from, counted as Kafka Streams does. Default: any number.
   */
  readonly maxBytes?: number
}

export interface SuppressTimeLimits extends SuppressLimits {
  /** `emit-early` shows those that have waited longest, sooner than agreed; `fail` stops the worker. */
  readonly whenFull: 'emit-early' | 'fail'
}

/**
 * Each window is shown once, when no record can change it any more; windows that have been deleted are not shown at
 * all. When more waits than `limits` allow the worker stops, for showing less would be wrong. (Suppressed#untilWindowCloses)
 */
export function untilWindowCloses(limits: SuppressLimits = {}): UntilWindowCloses {
  return Object.freeze({ kind: 'close', ...checked(limits) })
}

/**
 * Each key is shown at most once in this time, counted from the first update that was held back: later ones replace
 * what waits, but not its place. (Suppressed#untilTimeLimit)
 */
export function untilTimeLimit(
  limit: Duration,
  { whenFull, ...limits }: SuppressTimeLimits = { whenFull: 'fail' },
): UntilTimeLimit {
  return Object.freeze({ kind: 'limit', limit: duration(limit), whenFull, ...checked(limits) })
}

function checked({
  maxRecords = Number.POSITIVE_INFINITY,
  maxBytes = Number.POSITIVE_INFINITY,
}: SuppressLimits): BufferLimits {
  for (const [name, max] of Object.entries({ maxRecords, maxBytes })) {
    if (!(max >= 0)) throw new MillraceError('CONFIG', `${name} of a suppress must be at least 0, not ${max}`)
  }
  return { maxRecords, maxBytes }
}
