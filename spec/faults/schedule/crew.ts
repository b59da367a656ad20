import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Journal } from './journal.ts'
import type { SchedulerSetup } from './scheduler-process.ts'

const program = fileURLToPath(new URL('scheduler-process.ts', import.meta.url))

/** Several scheduler processes, of which some are killed and replaced. */
export class Crew {
  readonly #setup: SchedulerSetup
  readonly #journal: Journal
  readonly #living = new Map<number, { child: ChildProcess; said: string }>()
  /** What processes said that ended without having been told to. */
  readonly deserted: string[] = []

  constructor(setup: SchedulerSetup, journal: Journal) {
    this.#setup = setup
    this.#journal = journal
  }

  get pids(): readonly number[] {
    return [...this.#living.keys()]
  }

  start(): void {
    const child = spawn(process.execPath, [program, JSON.stringify(this.#setup)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const pid = child.pid!
    const member = { child, said: '' }
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      member.said += text
    })
    child.once('close', (code) => {
      if (this.#living.delete(pid)) this.deserted.push(`exit code ${code}: ${member.said}`)
    })
    this.#living.set(pid, member)
  }

  /** kill -9, and a new process in its place. */
  replace(pid: number): void {
    const member = this.#living.get(pid)
    this.#living.delete(pid)
    this.#journal.note('killed', '', pid)
    member?.child.kill('SIGKILL')
    this.start()
  }

  /** Ends them all; resolves with their exit codes, null for one that had to be killed. */
  async dismiss(signal: 'SIGTERM' | 'SIGKILL'): Promise<Array<number | null>> {
    const members = [...this.#living.values()]
    this.#living.clear()
    return Promise.all(
      members.map(async ({ child }) => {
        const closed = once(child, 'close')
        child.kill(signal)
        const [code] = await closed
        return code as number | null
      }),
    )
  }
}
