/** Calls `onSilence` once nothing has fed it for `milliseconds`. */
export class Watchdog {
  readonly #milliseconds: number
  readonly #onSilence: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(milliseconds: number, onSilence: () => void) {
    this.#milliseconds = milliseconds
    this.#onSilence = onSilence
  }

  start(): void {
    this.#timer = setTimeout(this.#onSilence, this.#milliseconds)
  }

  feed(): void {
    this.#timer?.refresh()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
