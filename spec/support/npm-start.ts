import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Ended } from './millrace.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** `npm start` as on a terminal: a process group of its own, to which Ctrl-C goes. */
export interface Started {
  /** What it has printed so far, on both streams. */
  readonly said: string
  /** To npm, its shell and millrace alike. */
  signalAll(signal: NodeJS.Signals): void
  readonly ended: Promise<Ended>
}

export function npmStart(args: readonly string[], env: Readonly<Record<string, string>>): Started {
  const { HOME = '/', USER = '', PATH = '' } = process.env
  const child = spawn('npm', ['start', '--silent', '--', ...args], {
    cwd: root,
    // Nothing of ours: npm itself hands on what it was called with.
    env: { HOME, USER, PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const kill = () => signalGroup(child, 'SIGKILL')
  process.once('exit', kill)
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text
    })
  }
  return {
    get said() {
      return said.stdout + said.stderr
    },
    signalAll: (signal) => signalGroup(child, signal),
    ended: once(child, 'close').then(([code, signal]) => {
      process.off('exit', kill)
      return { code, signal, ...said }
    }),
  }
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid!, signal)
  } catch (error) {
    // All of it has ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
