import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { lockFolder } from '../../../connectors/embedded/folder-lock.ts'
import { type Occupancy, occupy } from '../../../connectors/postgres/occupancy.ts'
import { type PidFile, readRunning } from '../../../services/pid-file.ts'
import { freePorts } from '../../../services/ports.ts'
import { findOrphan, postgresAnswers, startPostgres } from '../../../services/postgres.ts'
import { processIdentity } from '../../../services/process-identity.ts'
import { stopServer, stopSignals } from '../../../services/stop.ts'
import { MillraceError } from '../../errors.ts'

/** A PostgreSQL of this machine's own, for the embedded mode. */
export interface EmbeddedPostgres {
  readonly url: string
  readonly dataDir: string
  /** Stops it if no other process uses it. */
  close(): Promise<void>
}

const STARTS_WITHIN = 60_000

/**
 * The first process that needs it starts it, others use it, the last one stops it. A server whose users were killed
 * is found and used by the next one: no orphan stays.
 */
export async function openEmbeddedPostgres(dir: string): Promise<EmbeddedPostgres> {
  mkdirSync(dir, { recursive: true })
  for (const deadline = Date.now() + STARTS_WITHIN; Date.now() < deadline; await delay(100)) {
    await startUnlessRunning(dir)
    const running = readRunning(dir, 'postgres')
    if (running === undefined || !(await postgresAnswers(running.port))) continue
    const occupancy = await occupy(running.env.DATABASE_URL!).catch(() => undefined)
    // Undefined: its last user is stopping it.
    if (occupancy !== undefined) return opened(dir, running, occupancy)
  }
  throw new MillraceError(
    'UNREACHABLE',
    `the PostgreSQL in ${dir} does not answer; its log is ${join(dir, 'postgres', 'server.log')}`,
  )
}

/** One process at a time; the others wait for what it has started. */
async function startUnlessRunning(dir: string): Promise<void> {
  const unlock = await lockFolder(join(dir, 'starting'))
  if (unlock === undefined) return
  try {
    findOrphan(dir)
    const running = readRunning(dir, 'postgres')
    if (running !== undefined && (await postgresAnswers(running.port))) return
    await stopServer(dir, 'postgres')
    const [port] = await freePorts(1)
    await startPostgres({ dir, port, detached: true })
  } finally {
    await unlock()
  }
}

function opened(
  dir: string,
  { pid, identity, env, dataDir }: PidFile,
  occupancy: Occupancy,
): EmbeddedPostgres {
  // Ctrl-C twice, or a crash: no time to wait for its end, but time to ask for it.
  const stopAtExit = () => {
    if (processIdentity(pid) === identity) process.kill(pid, stopSignals.postgres)
  }
  if (occupancy.alone) process.once('exit', stopAtExit)
  return {
    url: env.DATABASE_URL!,
    dataDir,
    close: async () => {
      if (await occupancy.endAsLast()) await stopServer(dir, 'postgres')
      process.off('exit', stopAtExit)
    },
  }
}
