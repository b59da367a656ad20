import type { Logger } from '../log.ts'
import type { Counters } from './counters.ts'

export interface StallsOptions {
  readonly counters: Counters
  readonly log: Logger
  /** After how long without coming back a step is reported, and how often from then on. Milliseconds; default 30 s. */
  readonly after?: number | undefined
  readonly now?: () => number
}

interface Work {
  readonly step: string
  readonly begun: number
}

/**
 * Reports steps whose work has not come back: calls of an asynchronous step, writes of a sink. It changes nothing:
 * time-outs are the step's own affair. Once a period and step: a warning, and a `stalled` in its counts.
 */
export class Stalls {
  readonly #counters: Counters
  readonly #log: Logger
  readonly #after: number
  readonly #now: () => number
  readonly #working = new Set<Work>()
  readonly #reported = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  constructor({ counters, log, after = 30_000, now = () => performance.now() }: StallsOptions) {
    this.#counters = counters
    this.#log = log
    this.#after = after
    this.#now = now
  }

  async during<T>(step: string, work: () => Promise<T>): Promise<T> {
    const own = { step, begun: this.#now() }
    this.#working.add(own)
    this.#timer ??= setInterval(() => this.look(), this.#after / 4).unref()
    try {
      return await work()
    } finally {
      this.#working.delete(own)
    }
  }

  /** Looks at what is under way; done by itself, four times in each period. */
  look(): void {
    const now = this.#now()
    for (const [step, works] of Map.groupBy(this.#working, (work) => work.step)) {
      const waited = now - Math.min(...works.map(({ begun }) => begun))
      const before = this.#reported.get(step) ?? Number.NEGATIVE_INFINITY
      if (waited < this.#after || now - before < this.#after) continue
      this.#reported.set(step, now)
      this.#counters.add(step, 'stalled')
      const seconds = Math.round(waited / 1000)
      this.#log.warn(
        { step, calls: works.length, seconds },
        `step "${step}" has not come back for ${seconds} s`,
      )
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
