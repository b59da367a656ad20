import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readRunning } from '../../services/pid-file.ts'
import { freePorts } from '../../services/ports.ts'
import { postgresAnswers, startPostgres } from '../../services/postgres.ts'
import { processIdentity } from '../../services/process-identity.ts'
import { stopServer } from '../../services/stop.ts'
import { MillraceError } from '../errors.ts'

/** A PostgreSQL of this machine's own, for the embedded mode. */
export interface EmbeddedPostgres {
  readonly url: string
  /** Stops it if this process owns it; else it is left to its owner. */
  close(): Promise<void>
}

const STARTS_WITHIN = 60_000

/**
 * The first process that needs it starts it and owns it; others use it. A process that finds the server of a killed
 * owner adopts it, and stops it at its end: no orphan stays.
 */
export async function openEmbeddedPostgres(dir: string): Promise<EmbeddedPostgres> {
  mkdirSync(dir, { recursive: true })
  for (const deadline = Date.now() + STARTS_WITHIN; Date.now() < deadline; await delay(100)) {
    if (own(dir)) return owned(dir)
    const running = readRunning(dir, 'postgres')
    if (running !== undefined && (await postgresAnswers(running.port))) {
      return { url: running.env.DATABASE_URL!, close: async () => {} }
    }
  }
  throw new MillraceError('UNREACHABLE', `another process owns ${dir}, but its PostgreSQL does not answer`)
}

async function owned(dir: string): Promise<EmbeddedPostgres> {
  const close = async () => {
    await stopServer(dir, 'postgres')
    rmSync(ownerFile(dir), { force: true })
  }
  try {
    return { url: await urlOf(dir), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Of the orphan that is adopted, or of a new server. */
async function urlOf(dir: string): Promise<string> {
  const orphan = readRunning(dir, 'postgres')
  if (orphan !== undefined && (await postgresAnswers(orphan.port))) return orphan.env.DATABASE_URL!
  await stopServer(dir, 'postgres')
  const [port] = await freePorts(1)
  const { env } = await startPostgres({ dir, port, detached: true })
  return env.DATABASE_URL!
}

function ownerFile(dir: string): string {
  return join(dir, 'owner')
}

/** Makes this process the owner, unless one that is alive is. */
function own(dir: string): boolean {
  const file = ownerFile(dir)
  try {
    writeFileSync(file, `${process.pid} ${processIdentity(process.pid)}`, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const [pid, identity] = readOwner(file)
    if (processIdentity(Number(pid)) !== identity) rmSync(file, { force: true })
    return false
  }
}

function readOwner(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split(' ')
  } catch {
    return []
  }
}
