/** Runs calls one after another, until one fails: from then on every call rejects with what that one did. */
export class CallsInTurn {
  #last: Promise<void> = Promise.resolve()
  #failure: unknown

  get failed(): boolean {
    return this.#failure !== undefined
  }

  run(call: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(() => this.#unlessFailed(call))
    this.#last = turn.catch(() => {})
    return turn
  }

  /** Resolves when the calls made before have ended; later ones reject with `reason`. */
  async end(reason: Error): Promise<void> {
    await this.run(() => Promise.reject(reason)).catch(() => {})
  }

  async #unlessFailed(call: () => Promise<void>): Promise<void> {
    if (this.failed) throw this.#failure
    try {
      await call()
    } catch (error) {
      this.#failure = error
      throw error
    }
  }
}
