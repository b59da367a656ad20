import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { MemberOptions, Restored, Said } from './member-messages.ts'

const script = fileURLToPath(new URL('member-process.ts', import.meta.url))

/** A worker in a process of its own. */
export class Member {
  readonly name: string
  active: readonly string[] = []
  standbys: readonly string[] = []
  written = 0
  lag: number | undefined
  readonly restored: Restored[] = []
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #progress = new Set<() => void>()
  #failed: string | undefined

  constructor(name: string, options: MemberOptions) {
    this.name = name
    this.#child = fork(script, [JSON.stringify(options)])
    this.#ended = once(this.#child, 'exit')
    this.#child.on('message', (said: Said) => {
      if (said.assigned !== undefined) Object.assign(this, said.assigned)
      if (said.restored !== undefined) this.restored.push(said.restored)
      if ('lag' in said || said.written !== undefined) this.lag = said.lag
      this.written = said.written ?? this.written
      this.#failed = said.failed ?? this.#failed
      for (const wake of this.#progress) wake()
      this.#progress.clear()
    })
  }

  /** Rejects if it ends before. */
  async until(holds: () => boolean): Promise<void> {
    const ended = this.#ended.then(() => {
      throw new Error(`${this.name} ended before its time: ${this.#failed ?? 'without an error'}`)
    })
    ended.catch(() => {})
    while (!holds()) await Promise.race([ended, new Promise<void>((wake) => this.#progress.add(wake))])
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}
