import { setTimeout as delay } from 'node:timers/promises'
import { type Ended, type MillraceProcess, startMillrace } from '../support/millrace.ts'

/** One hop of the pipeline as a process that is killed and started again. */
export class Hop {
  readonly #args: readonly string[]
  readonly #env: Readonly<Record<string, string>>
  #process: MillraceProcess
  #ended: Ended | undefined

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#args = args
    this.#env = env
    this.#process = this.#start()
  }

  get ended(): Promise<Ended> {
    return this.#process.ended
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** kill -9. Resolves when it is dead; rejects if it had ended by itself. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    const { signal } = await this.ended
    if (signal !== 'SIGKILL') throw this.#unexpected()
  }

  /** For the end of a spec, however it went. */
  async clear(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended
  }

  restart(): void {
    this.#process = this.#start()
  }

  /** Resolves with the first answer that is not undefined. Rejects if the process ends before, or after four minutes. */
  async until<T>(what: string, answer: () => Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + 240_000
    for (;;) {
      const found = await answer()
      if (found !== undefined) return found
      if (this.#ended !== undefined) throw this.#unexpected()
      if (Date.now() > deadline) throw new Error(`${this.#args[0]}: not within four minutes: ${what}`)
      await delay(20)
    }
  }

  #start(): MillraceProcess {
    this.#ended = undefined
    const started = startMillrace(this.#args, this.#env)
    void started.ended.then((ended) => {
      this.#ended = ended
    })
    return started
  }

  #unexpected(): Error {
    const { code, signal, stderr } = this.#ended!
    return new Error(`millrace ${this.#args[0]} ended by itself (${code ?? signal}):\n${stderr}`)
  }
}
