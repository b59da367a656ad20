import { setTimeout as delay } from 'node:timers/promises'
import { type PidFile, readRunning, removePidFile } from './pid-file.ts'
import { processIdentity } from './process-identity.ts'
import type { ServerName } from './server.ts'

const stopWithinMs = 40_000

/** PostgreSQL's SIGTERM waits for clients to leave; SIGINT is its fast, equally clean shutdown. */
export const stopSignals: Readonly<Record<ServerName, NodeJS.Signals>> = {
  kafka: 'SIGTERM',
  registry: 'SIGTERM',
  postgres: 'SIGINT',
  cassandra: 'SIGTERM',
  'kafka-zookeeper': 'SIGTERM',
  zookeeper: 'SIGTERM',
}

/**
 * Signals a process, if it is still the one meant, and resolves when it has ended; it is killed if 40 s are not
 * enough. `ended` resolves with its end, which only its parent is told.
 */
export async function endProcess(
  { name, pid, identity }: Pick<PidFile, 'name' | 'pid' | 'identity'>,
  signal: NodeJS.Signals,
  ended: Promise<unknown>,
): Promise<void> {
  if (processIdentity(pid) !== identity) return
  process.kill(pid, signal)
  const timer = new AbortController()
  const late = delay(stopWithinMs, 'late', { signal: timer.signal }).catch(() => undefined)
  const outcome = await Promise.race([ended, late])
  timer.abort()
  if (outcome !== 'late') return
  process.stderr.write(`${name} (pid ${pid}) did not stop within ${stopWithinMs / 1000} s: killing it\n`)
  process.kill(pid, 'SIGKILL')
  await ended
}

/** Cleanly stops a server started by another process. Resolves with its pid, or undefined if none runs. */
export async function stopServer(dir: string, name: ServerName): Promise<number | undefined> {
  const running = readRunning(dir, name)
  if (running === undefined) return undefined
  await endProcess(running, stopSignals[name], gone(running))
  removePidFile(dir, name)
  return running.pid
}

/** All at once, but ZooKeeper last: without it, its Kafka can't stop cleanly. Resolves with the pids, in order. */
export async function stopServers(
  dir: string,
  names: readonly ServerName[],
): Promise<{ name: ServerName; pid: number | undefined }[]> {
  const stop = async (name: ServerName) => ({ name, pid: await stopServer(dir, name) })
  const stopped = await Promise.all(names.filter((name) => name !== 'zookeeper').map(stop))
  return names.includes('zookeeper') ? [...stopped, await stop('zookeeper')] : stopped
}

async function gone({ pid, identity }: PidFile): Promise<void> {
  while (processIdentity(pid) === identity) await delay(50)
}
