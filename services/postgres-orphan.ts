import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readRunning, writePidFile } from './pid-file.ts'
import { loopback } from './ports.ts'
import { processIdentity } from './process-identity.ts'

/**
 * A launcher that was killed between starting PostgreSQL and noting it leaves a server that nobody knows of, and
 * that keeps every other one off its data. PostgreSQL's own postmaster.pid tells where it is: note it now.
 */
export function noteOrphan(dir: string, dataDir: string): void {
  if (readRunning(dir, 'postgres') !== undefined) return
  const file = join(dataDir, 'postmaster.pid')
  if (!existsSync(file)) return
  const [pid = Number.NaN, , , port = Number.NaN] = readFileSync(file, 'utf8').split('\n').map(Number)
  const identity = processIdentity(pid)
  if (identity === undefined || !servesFrom(pid, dataDir) || !(port > 0)) return
  const address = `${loopback}:${port}`
  writePidFile(dir, {
    name: 'postgres',
    pid,
    identity,
    port,
    address,
    env: postgresEnvironment(address),
    dataDir,
  })
}

export function postgresEnvironment(address: string): Readonly<Record<'DATABASE_URL', string>> {
  return { DATABASE_URL: `postgresql://postgres@${address}/postgres` }
}

/** The number may have passed to a stranger since. */
function servesFrom(pid: number, dataDir: string): boolean {
  return commandOf(pid).includes(`-D ${dataDir} `)
}

function commandOf(pid: number): string {
  if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  return execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
}
