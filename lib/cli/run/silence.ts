import type { Logger } from '../../log.ts'

export interface SilenceOptions {
  readonly log: Logger
  readonly thread: number
  /** After how long without a word it is told, and how often from then on. Milliseconds; default 10 s. */
  readonly after?: number
  readonly now?: () => number
}

/**
 * Tells of a thread that says nothing, though it does so several times a second as long as its event loop turns: a
 * callback holds up all of its tasks, and its place in the groups is lost once that takes longer than a session.
 */
export class Silence {
  readonly #options: SilenceOptions
  readonly #after: number
  readonly #now: () => number
  #heard: number
  #told: number
  readonly #timer: NodeJS.Timeout

  constructor(options: SilenceOptions) {
    const { after = 10_000, now = () => performance.now() } = options
    this.#options = options
    this.#after = after
    this.#now = now
    this.#heard = this.#told = now()
    this.#timer = setInterval(() => this.look(), after / 4).unref()
  }

  heard(): void {
    this.#heard = this.#told = this.#now()
  }

  /** Done by itself, four times in each period. */
  look(): void {
    const now = this.#now()
    if (now - this.#told < this.#after) return
    this.#told = now
    const seconds = Math.round((now - this.#heard) / 1000)
    const { log, thread } = this.#options
    log.warn(
      { thread, seconds },
      `thread ${thread} has not answered for ${seconds} s: a callback holds it up`,
    )
  }

  over(): void {
    clearInterval(this.#timer)
  }
}
