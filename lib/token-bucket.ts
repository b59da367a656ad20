import { pause } from './backoff.ts'

/** Time as a bucket sees it. */
export interface Clock {
  /** Milliseconds since whenever. */
  now(): number
  /** Rejects with the signal's reason when aborted. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>
}

const REAL: Clock = { now: () => performance.now(), pause }

/** How much of a rate may come at once, in seconds of it. */
const BURST = 0.1

/**
 * Keeps what is taken to so many a second, whoever takes it: first come, first served. However much is asked for, it is
 * given, and waited for by whom it is given to; so what is not taken for a while is not made up for later, but for a
 * tenth of a second.
 */
export class TokenBucket {
  readonly perSecond: number
  readonly #clock: Clock
  readonly #most: number
  #tokens: number
  #since: number

  constructor(perSecond: number, clock: Clock = REAL) {
    this.perSecond = perSecond
    this.#clock = clock
    this.#most = Math.max(1, perSecond * BURST)
    this.#tokens = this.#most
    this.#since = clock.now()
  }

  /** Takes so many, and says how long they are to be waited for, in milliseconds. */
  take(count: number): number {
    const now = this.#clock.now()
    this.#tokens = Math.min(this.#most, this.#tokens + ((now - this.#since) / 1000) * this.perSecond)
    this.#since = now
    this.#tokens -= count
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.perSecond) * 1000
  }

  /** Resolves when so many may be used. */
  async wait(count: number, signal: AbortSignal): Promise<void> {
    const wait = this.take(count)
    if (wait > 0) await this.#clock.pause(wait, signal)
  }
}
