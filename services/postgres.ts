import { execFile } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { loopback, requireFree } from './ports.ts'
import { postgresBinaries, postgresDirectory } from './postgres-files.ts'
import { noteOrphan, postgresEnvironment } from './postgres-orphan.ts'
import { probe } from './probe.ts'
import { launch, requireNotRunning } from './process.ts'
import { processIdentity } from './process-identity.ts'
import type { RunningServer, StartOptions } from './server.ts'
import { type User, unprivilegedUser } from './unprivileged-user.ts'

/** Not 5432, where a PostgreSQL of the system would be. */
export const postgresPort = 5433

const settings = {
  listen_addresses: loopback,
  // Clients use TCP; the default socket directory is often not ours to write.
  unix_socket_directories: '',
  wal_level: 'logical',
  max_wal_senders: '10',
  max_replication_slots: '10',
}

/** PostgreSQL with logical replication on, superuser `postgres`, no password. Commits survive kill -9. */
export async function startPostgres(options: StartOptions): Promise<RunningServer> {
  const { dir, port = postgresPort } = options
  const say = (line: string) => options.onProgress?.('postgres', line)
  const user = unprivilegedUser()
  const dataDir = dataDirectory(dir, user, say)
  noteOrphan(dir, dataDir)
  requireNotRunning(dir, 'postgres')
  const binaries = postgresBinaries(user, say)
  await requireFree(port, 'PostgreSQL', '--postgres-port')
  if (!existsSync(dataDir)) await initialise(binaries, dataDir, user)
  const address = `${loopback}:${port}`
  const flags = Object.entries({ ...settings, port }).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  return launch(
    {
      name: 'postgres',
      port,
      address,
      clientEnv: postgresEnvironment(address),
      dataDir,
      file: join(binaries, 'bin', 'postgres'),
      args: ['-D', dataDir, ...flags],
      env: endedPostmaster(dataDir),
      user,
      ready: postgresAnswers,
    },
    options,
  )
}

/** Logs in as `postgres`: while the server starts or recovers, this is refused. */
export async function postgresAnswers(port: number): Promise<boolean> {
  const parameters = Buffer.from('user\0postgres\0database\0postgres\0\0')
  const head = Buffer.alloc(8)
  head.writeInt32BE(head.length + parameters.length, 0)
  head.writeInt32BE(3 << 16, 4)
  const answer = await probe(port, Buffer.concat([head, parameters]), 1)
  return answer?.toString('latin1') === 'R'
}

/** Whatever PostgreSQL runs on the data of this directory has a server.json from now on, or there is none. */
export function findOrphan(dir: string): void {
  noteOrphan(dir, dataDirectory(dir, unprivilegedUser()))
}

function dataDirectory(dir: string, user: User | undefined, say: (line: string) => void = () => {}): string {
  return join(postgresDirectory(user, join(dir, 'postgres'), say), 'data')
}

/**
 * Initialises beside the data directory and renames: a kill in between leaves nothing half made. Each time under
 * another name, for the initdb of a launcher that was killed may go on.
 */
async function initialise(binaries: string, dataDir: string, user: User | undefined): Promise<void> {
  removeUnfinished(dataDir)
  const fresh = mkdtempSync(`${dataDir}.new-`)
  if (user !== undefined) chownSync(fresh, user.uid, user.gid)
  const args = ['-D', fresh, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C']
  await promisify(execFile)(join(binaries, 'bin', 'initdb'), args, { cwd: '/', ...user })
  renameSync(fresh, dataDir)
}

function removeUnfinished(dataDir: string): void {
  const parent = dirname(dataDir)
  for (const name of readdirSync(parent)) {
    if (name.startsWith('data.new'))
      rmSync(join(parent, name), { recursive: true, force: true, maxRetries: 5 })
  }
}

/**
 * After a kill -9, PostgreSQL refuses to start while some process has the number in postmaster.pid, be it a
 * zombie or a stranger. It takes the one in this variable for an ancestor of its own; every other check
 * (the shared memory of backends still alive) stays.
 */
function endedPostmaster(dataDir: string): Record<string, string> {
  const file = join(dataDir, 'postmaster.pid')
  if (!existsSync(file)) return {}
  const pid = readFileSync(file, 'utf8').split('\n')[0] ?? ''
  return processIdentity(Number(pid)) === undefined ? { PG_GRANDPARENT_PID: pid } : {}
}
