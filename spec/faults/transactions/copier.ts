import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { BrokerPlace } from '../../support/broker-place.ts'
import type { Life, Stage } from './plan.ts'
import type { Names } from './workload.ts'

const script = fileURLToPath(new URL('copier-process.ts', import.meta.url))
export const FENCED_EXIT = 7

export interface CopierOptions {
  readonly place: BrokerPlace
  readonly names: Names
  readonly seed: number
  /** Records in a transaction. */
  readonly transaction: number
  readonly life?: Life | undefined
}

export interface Said {
  readonly committed?: number
  readonly reached?: Stage
  /** What made it begin again. */
  readonly again?: string
}

/** A copying process. */
export class Copier {
  /** Transactions. */
  committed = 0
  readonly again: string[] = []
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  readonly #reached = Promise.withResolvers<void>()
  readonly #progress = new Set<() => void>()

  constructor(options: CopierOptions) {
    this.#child = fork(script, [JSON.stringify(options)])
    this.#child.on('message', (said: Said) => {
      if (said.reached !== undefined) this.#reached.resolve()
      if (said.again !== undefined) this.again.push(said.again)
      this.committed = said.committed ?? this.committed
      for (const wake of this.#progress) wake()
      this.#progress.clear()
    })
    this.#ended = once(this.#child, 'exit').then(([code]) => code as number | null)
  }

  /** Resolves when it is where its life says; rejects if it ends before. */
  async reached(): Promise<void> {
    await this.#orEnd(this.#reached.promise)
  }

  /** Resolves when it has committed so many transactions. */
  async untilCommitted(transactions: number): Promise<void> {
    while (this.committed < transactions)
      await this.#orEnd(new Promise<void>((resolve) => this.#progress.add(resolve)))
  }

  /** kill -9. Rejects if it had ended by itself: that would be no kill. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    const code = await this.#ended
    if (code !== null) throw new Error(`the copier had ended with ${code} before it could be killed`)
  }

  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  /** Goes on where it was frozen; resolves with the exit code. */
  thaw(): Promise<number | null> {
    this.#child.kill('SIGCONT')
    this.#child.send('go on')
    return this.#ended
  }

  ended(): Promise<number | null> {
    return this.#ended
  }

  /** For the end of a spec, however it went. */
  async clear(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  async #orEnd(progress: Promise<void>): Promise<void> {
    const ended = this.#ended.then((code) => {
      throw new Error(`the copier ended with ${code} before its time`)
    })
    await Promise.race([progress, ended])
  }
}
