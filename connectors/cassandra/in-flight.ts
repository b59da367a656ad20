/** At most `limit` pieces of work at a time; the others wait their turn. */
export class InFlight {
  readonly #limit: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get running(): number {
    return this.#running
  }

  /**
   * Does `work` for each item, and starts none after the first failure or an abort, with which it then rejects at
   * once: what has been started may still end later.
   */
  async each<T>(
    items: readonly T[],
    signal: AbortSignal,
    work: (item: T, stop: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const stop = new AbortController()
    const stopped = Promise.withResolvers<never>()
    stopped.promise.catch(() => undefined)
    const fail = (reason: unknown) => {
      stop.abort(reason)
      stopped.reject(reason)
    }
    const onAbort = () => fail(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      signal.throwIfAborted()
      await Promise.race([this.#start(items, stop.signal, work, fail), stopped.promise])
      stop.signal.throwIfAborted()
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #start<T>(
    items: readonly T[],
    stop: AbortSignal,
    work: (item: T, stop: AbortSignal) => Promise<void>,
    fail: (reason: unknown) => void,
  ): Promise<void> {
    const started = new Set<Promise<void>>()
    for (const item of items) {
      await this.#enter()
      if (stop.aborted) {
        this.#leave()
        return
      }
      const doing: Promise<void> = work(item, stop)
        .catch(fail)
        .finally(() => {
          this.#leave()
          started.delete(doing)
        })
      started.add(doing)
    }
    await Promise.all(started)
  }

  async #enter(): Promise<void> {
    if (this.#running >= this.#limit) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running++
  }

  /** The place is handed on, so that nobody takes it in between. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#running--
    else next()
  }
}
