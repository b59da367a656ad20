import { setTimeout as delay } from 'node:timers/promises'

export interface Backoff {
  /** First delay. Default 100 ms. */
  readonly base?: number
  /** Longest delay. Default 10 s. */
  readonly cap?: number
  /** Attempts in all. Default: no limit. */
  readonly attempts?: number
  /** Whether this error is worth another attempt. */
  readonly when: (error: unknown) => boolean
  /** Told before each wait. */
  readonly onRetry?: (error: unknown, attempt: number, waitMs: number) => void
  readonly signal?: AbortSignal | undefined
}

/** Exponential with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"). Milliseconds. */
export function backoffDelay(attempt: number, base = 100, cap = 10_000, random = Math.random): number {
  return Math.ceil(random() * Math.min(cap, base * 2 ** (attempt - 1)))
}

/** Calls until it succeeds. Rejects with the last error, or with the signal's reason when aborted while waiting. */
export async function retrying<T>(call: () => Promise<T>, how: Backoff): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      if (how.signal?.aborted || attempt === how.attempts || !how.when(error)) throw error
      const wait = backoffDelay(attempt, how.base, how.cap)
      how.onRetry?.(error, attempt, wait)
      await pause(wait, how.signal)
    }
  }
}

/** Resolves after so many milliseconds; rejects with the signal's reason when aborted. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => {
    throw signal?.reason
  })
}
