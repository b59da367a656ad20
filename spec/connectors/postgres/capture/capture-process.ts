import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ChildOptions, Told } from './capture-child.ts'

const script = fileURLToPath(new URL('capture-child.ts', import.meta.url))

/** A capture in a process of its own. */
export class CaptureProcess {
  /** The error that ended it. */
  failed: Told['failed']
  /** How it ended: an exit code or a signal. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  readonly #point = Promise.withResolvers<string>()

  constructor(options: ChildOptions) {
    this.#child = fork(script, [JSON.stringify(options)])
    this.#child.on('message', ({ point, failed }: Told) => {
      if (point !== undefined) this.#point.resolve(point)
      this.failed = failed
    })
    this.ended = once(this.#child, 'exit').then(([code, signal]) => String(signal ?? code))
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** The point at which it waits to be killed; rejects if it ends before. */
  async stopped(): Promise<string> {
    const ended = this.ended.then((how): never => {
      throw new Error(`the capture ended (${how}): ${this.failed?.message ?? 'without an error'}`)
    })
    return Promise.race([this.#point.promise, ended])
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<string> {
    this.#child.kill(signal)
    return this.ended
  }
}
