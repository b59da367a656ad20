import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Said, WorkerProcessOptions } from './worker-process-options.ts'

const script = fileURLToPath(new URL('worker-process.ts', import.meta.url))

/** A worker in a process of its own. */
export class Mortal {
  /** Partitions. */
  assigned = 0
  /** Records read from changelogs. */
  restored = 0
  written = 0
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  readonly #progress = new Set<() => void>()

  constructor(options: WorkerProcessOptions) {
    this.#child = fork(script, [JSON.stringify(options)])
    this.#child.on('message', (said: Said) => {
      this.assigned = said.assigned ?? this.assigned
      this.restored += said.restored ?? 0
      this.written = said.written ?? this.written
      for (const wake of this.#progress) wake()
      this.#progress.clear()
    })
    this.ended = once(this.#child, 'exit').then(([code, signal]) => String(signal ?? code))
  }

  /** Rejects if it ends before. */
  async until(holds: () => boolean): Promise<void> {
    const ended = this.ended.then((how) => {
      throw new Error(`the worker ended (${how}) before its time`)
    })
    while (!holds()) await Promise.race([new Promise<void>((wake) => this.#progress.add(wake)), ended])
  }

  stop(): void {
    this.#child.kill('SIGTERM')
  }

  /** For the end of a spec, however it went. */
  async clear(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }
}
