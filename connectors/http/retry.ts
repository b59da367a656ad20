import { setTimeout as delay } from 'node:timers/promises'

/** Time and chance, so that specs need not wait. */
export interface Clock {
  /** Milliseconds since 1970 UTC. */
  now(): number
  /** In [0, 1). */
  random(): number
  /** Rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>
}

export const systemClock: Clock = {
  now: Date.now,
  random: Math.random,
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
}

export interface Backoff {
  /** Upper bound of the first pause, in ms; it doubles with every attempt. */
  readonly baseMs: number
  /** Upper bound of any pause. */
  readonly maxMs: number
  /** Longest Retry-After that is honoured in full. */
  readonly maxRetryAfterMs: number
}

export const DEFAULT_BACKOFF: Backoff = { baseMs: 500, maxMs: 30_000, maxRetryAfterMs: 300_000 }

/**
 * Pause after a failed attempt (counted from 1): exponential with full jitter, so that many clients do not return
 * at once. What the server asked for by Retry-After comes first, the jitter on top of it.
 */
export function pauseAfter(attempt: number, retryAfterMs: number, backoff: Backoff, random: number): number {
  const ceiling = Math.min(backoff.maxMs, backoff.baseMs * 2 ** (attempt - 1))
  const asked = Math.min(retryAfterMs, backoff.maxRetryAfterMs)
  return Math.round(asked + random * (asked > 0 ? backoff.baseMs : ceiling))
}

/** Milliseconds that a Retry-After header asks for: seconds or an HTTP date (RFC 9110 §10.2.3). 0 if neither. */
export function retryAfterMs(header: string | null, now: number): number {
  if (header === null) return 0
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? 0 : Math.max(0, date - now)
}
