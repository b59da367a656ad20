import { services } from './catalog.ts'
import { readRunning } from './pid-file.ts'
import type { ServerName } from './server.ts'

export interface ServerStatus {
  readonly name: ServerName
  /** `silent`: the process runs, but does not answer (it starts, hangs or is suspended). */
  readonly state: 'running' | 'silent' | 'stopped'
  readonly pid?: number
  readonly address?: string
  readonly dataDir?: string
  /** The variables by which millrace's commands find it; empty while it is stopped. */
  readonly env: Readonly<Record<string, string>>
}

/** What runs of these servers with this directory, asked of the servers themselves. */
export function statusOf(dir: string, names: readonly ServerName[]): Promise<ServerStatus[]> {
  return Promise.all(names.map((name) => serverStatus(dir, name)))
}

async function serverStatus(dir: string, name: ServerName): Promise<ServerStatus> {
  const entry = readRunning(dir, name)
  if (entry === undefined) return { name, state: 'stopped', env: {} }
  const { pid, address, dataDir, env, port } = entry
  const state = (await services[name].answers(port)) ? 'running' : 'silent'
  return { name, state, pid, address, dataDir, env }
}
