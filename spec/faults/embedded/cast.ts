import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type Role = 'standby' | 'producer' | 'consumer-1' | 'consumer-2' | 'consumer-3'

export const ROLES: readonly Role[] = ['standby', 'producer', 'consumer-1', 'consumer-2', 'consumer-3']

/** The processes of the fault spec: each role is played by one process after another. */
export class Cast {
  /** Records acknowledged, and records consumed (again, too), so far. */
  acknowledged = 0
  consumed = 0
  readonly #dir: string
  readonly #journal: string
  readonly #playing = new Map<Role, ChildProcess>()
  readonly #progress = new Set<() => void>()
  /** How many records may be written before the next kill. */
  #limit = 0
  /** What a process ended with that was not killed. */
  #failure: Error | undefined

  constructor(dir: string, journal: string) {
    this.#dir = dir
    this.#journal = journal
  }

  /** Resolves when the process has the log open (a consumer: is joining). */
  async start(role: Role): Promise<void> {
    const script = `${role.replace(/-\d/, '')}-process.ts`
    const path = fileURLToPath(new URL(script, import.meta.url))
    const child = fork(path, [this.#dir, this.#journal, String(this.acknowledged), String(this.#limit)])
    this.#playing.set(role, child)
    const ready = Promise.withResolvers<void>()
    child.on('message', (said: { ready?: true; acknowledged?: number; consumed?: number }) => {
      if (said.ready) ready.resolve()
      if (said.acknowledged !== undefined) this.acknowledged = said.acknowledged
      this.consumed += said.consumed ?? 0
      this.#wake()
    })
    child.once('exit', (code) => {
      if (code !== null && code !== 0) this.#failure = new Error(`the ${role} ended with exit code ${code}`)
      ready.resolve()
      this.#wake()
    })
    await ready.promise
  }

  /** Lets the producer write up to this many records. */
  allow(limit: number): void {
    this.#limit = Math.max(limit, this.#limit)
    if (this.plays('producer')) this.#playing.get('producer')!.send({ limit: this.#limit })
  }

  /** Resolves as soon as it holds. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#failure !== undefined) throw this.#failure
      await new Promise<void>((resolve) => this.#progress.add(resolve))
    }
  }

  /** Who owns the log now, by its lock file, if it is one of us and alive. */
  owner(): Role | undefined {
    try {
      const { pid } = JSON.parse(readFileSync(join(this.#dir, 'owner.json'), 'utf8'))
      return ROLES.find((role) => this.#playing.get(role)?.pid === pid && this.plays(role))
    } catch {
      return undefined
    }
  }

  plays(role: Role): boolean {
    const child = this.#playing.get(role)
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** kill -9; resolves when it has ended. Rejects if it is not running: that would be no kill. */
  async kill(role: Role): Promise<void> {
    const child = this.#playing.get(role)!
    if (!this.plays(role)) throw new Error(`the ${role} had ended before it could be killed`)
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async killAll(): Promise<void> {
    for (const role of ROLES) if (this.plays(role)) await this.kill(role)
  }

  #wake(): void {
    for (const wake of this.#progress) wake()
    this.#progress.clear()
  }
}
