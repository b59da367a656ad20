import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { MillraceError } from '../lib/errors.ts'
import { type PidFile, readRunning, removePidFile, writePidFile } from './pid-file.ts'
import { processIdentity } from './process-identity.ts'
import type { RunningServer, ServerName, StartOptions } from './server.ts'
import { endProcess, stopSignals } from './stop.ts'

const readyWithinMs = 240_000
const probeEveryMs = 100

export interface Launch {
  readonly name: ServerName
  readonly port: number
  readonly address: string
  readonly clientEnv: Readonly<Record<string, string>>
  readonly dataDir: string
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Run as this user and group instead of our own. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  /** Whether the server answers its own protocol. */
  readonly ready: (port: number) => Promise<boolean>
}

/** Throws `CONFIG` if this server already runs with this directory. */
export function requireNotRunning(dir: string, name: ServerName): void {
  const running = readRunning(dir, name)
  if (running === undefined) return
  throw new MillraceError(
    'CONFIG',
    `${name} already runs with the directory ${join(dir, name)} (pid ${running.pid}): ` +
      'stop it first or choose another directory with --dir',
  )
}

/** Starts the process and resolves when it answers; it is ended again if it does not within four minutes. */
export async function launch(spec: Launch, options: StartOptions): Promise<RunningServer> {
  const directory = join(options.dir, spec.name)
  const logFile = join(directory, 'server.log')
  const child = await spawnLogged(spec, directory, logFile)
  const pid = child.pid as number
  const ended = once(child, 'exit')
  if (!options.detached) endWithUs(child)
  const entry = entryOf(spec, pid)
  const end = async (signal: NodeJS.Signals) => {
    await endProcess(entry, signal, ended)
    removePidFile(options.dir, spec.name)
  }
  writePidFile(options.dir, entry)
  try {
    await waitUntilReady(spec, child, logFile)
  } catch (error) {
    await end('SIGKILL')
    throw error
  }
  if (options.detached) child.unref()
  options.onProgress?.(spec.name, `ready at ${spec.address} (pid ${pid})`)
  return {
    name: spec.name,
    pid,
    address: spec.address,
    env: spec.clientEnv,
    dataDir: spec.dataDir,
    stop: () => end(stopSignals[spec.name]),
    kill: () => end('SIGKILL'),
  }
}

async function spawnLogged(spec: Launch, directory: string, logFile: string): Promise<ChildProcess> {
  mkdirSync(directory, { recursive: true })
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`)
  const log = openSync(logFile, 'a')
  // A session of its own: Ctrl-C on the terminal reaches the launcher, which then stops servers in order.
  const child = spawn(spec.file, spec.args, {
    cwd: spec.dataDir,
    env: { ...process.env, ...spec.env },
    stdio: ['ignore', log, log],
    detached: true,
    ...spec.user,
  })
  closeSync(log)
  await once(child, 'spawn')
  return child
}

/** However this process ends, short of a kill -9, nothing it started for itself stays behind. */
function endWithUs(child: ChildProcess): void {
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
}

function entryOf(spec: Launch, pid: number): PidFile {
  const { name, port, address, clientEnv, dataDir } = spec
  return { name, pid, identity: processIdentity(pid) ?? '', port, address, env: clientEnv, dataDir }
}

async function waitUntilReady(spec: Launch, child: ChildProcess, logFile: string): Promise<void> {
  const deadline = Date.now() + readyWithinMs
  while (!(await spec.ready(spec.port))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw failed(spec, 'ended while starting', logFile)
    if (Date.now() > deadline) throw failed(spec, `did not answer within ${readyWithinMs / 1000} s`, logFile)
    await delay(probeEveryMs)
  }
}

function failed(spec: Launch, what: string, logFile: string): MillraceError {
  const lastLines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-12).join('\n')
  return new MillraceError(
    'UNREACHABLE',
    `${spec.name} ${what}; the end of its log ${logFile}:\n${lastLines}`,
  )
}
