import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = fileURLToPath(new URL('../../lib/cli/bin.ts', import.meta.url))

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** `millrace …` as a user has it: a process of its own, in the project's root. */
export interface MillraceProcess {
  readonly pid: number
  /** What it has printed so far. */
  readonly stdout: string
  readonly stderr: string
  /** Resolves when standard output or error matches; rejects with all it said if it ends before. */
  printed(pattern: RegExp): Promise<void>
  kill(signal: NodeJS.Signals): void
  /** Resolves when it has ended by itself. Never rejects. */
  readonly ended: Promise<Ended>
}

/** Added to an environment that holds none of millrace's own variables. */
type Variables = Readonly<Record<string, string>>

/** Runs a command to its end. */
export function runMillrace(args: readonly string[], env?: Variables): Promise<Ended> {
  return startMillrace(args, env).ended
}

/** Runs a command to its end, which must be a success; resolves with what it printed. */
export async function millrace(args: readonly string[], env?: Variables): Promise<string> {
  const { code, signal, stdout, stderr } = await runMillrace(args, env)
  if (code === 0) return stdout
  throw new Error(`millrace ${args.join(' ')} ended with ${code ?? signal}:\n${stdout}${stderr}`)
}

export function startMillrace(args: readonly string[], env: Variables = {}): MillraceProcess {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: root,
    env: { ...inherited(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text
    })
  }
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    process.off('exit', kill)
    return { code, signal, ...said }
  })
  return {
    pid: child.pid!,
    get stdout() {
      return said.stdout
    },
    get stderr() {
      return said.stderr
    },
    printed: (pattern) => printed(child, pattern, () => said.stdout + said.stderr),
    kill: (signal) => void child.kill(signal),
    ended,
  }
}

function printed(child: ChildProcess, pattern: RegExp, said: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (pattern.test(said())) finish(resolve)
    }
    const close = () => finish(() => reject(new Error(`ended without saying ${pattern}:\n${said()}`)))
    const finish = (settle: () => void) => {
      child.stdout?.off('data', look)
      child.stderr?.off('data', look)
      child.off('close', close)
      settle()
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.once('close', close)
    look()
  })
}

const OWN = /^(KAFKA_|SCHEMA_REGISTRY_|DATABASE_|CASSANDRA_|RANDOM_USER_|INGEST_|MILLRACE_(?!SPEC_))/

/** A developer's own servers must not be what a spec works on. */
function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !OWN.test(name)))
}
