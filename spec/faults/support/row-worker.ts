import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { PeakMemory } from './peak-memory.ts'
import type { Said, WorkerProcessOptions } from './worker-process-options.ts'

const script = fileURLToPath(new URL('worker-process.ts', import.meta.url))

/** A worker in a process of its own, to be killed, stopped and frozen. */
export class RowWorker {
  /** Partitions. */
  assigned = 0
  /** Records read from changelogs. */
  restored = 0
  /** With what error it ended. */
  failed: Said['failed']
  /** How it ended: an exit code or a signal. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  readonly #progress = new Set<() => void>()
  #written: Readonly<Record<string, number>> = {}

  constructor(options: WorkerProcessOptions, memory?: PeakMemory) {
    this.#child = fork(script, [JSON.stringify(options)])
    memory?.watch(this.pid)
    this.#child.on('message', (said: Said) => {
      this.assigned = said.assigned ?? this.assigned
      this.restored += said.restored ?? 0
      this.#written = said.written ?? this.#written
      this.failed = said.failed ?? this.failed
      for (const wake of this.#progress) wake()
      this.#progress.clear()
    })
    this.ended = once(this.#child, 'exit').then(([code, signal]) => String(signal ?? code))
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Records that this sink has written. */
  written(sink: string): number {
    return this.#written[sink] ?? 0
  }

  /** Rejects if it ends before. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.unlessEnded(new Promise<void>((wake) => this.#progress.add(wake)))
  }

  /** What comes; rejects if it ends before. */
  unlessEnded<T>(coming: Promise<T>): Promise<T> {
    const ended = this.ended.then((how) => {
      throw new Error(
        `the worker ended (${how}) before its time: ${this.failed?.message ?? 'without an error'}`,
      )
    })
    return Promise.race([coming, ended])
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** In order. */
  stop(): void {
    this.signal('SIGTERM')
  }

  /** For the end of a spec, however it went. */
  async clear(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended
  }
}
