import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { processIdentity } from './process-identity.ts'
import { everyServerName, type ServerName } from './server.ts'

const pidFile = z.object({
  name: z.enum(everyServerName),
  pid: z.int().positive(),
  identity: z.string(),
  port: z.int(),
  address: z.string(),
  env: z.record(z.string(), z.string()),
  dataDir: z.string(),
})

/** What is known about a started server by whoever did not start it. */
export type PidFile = z.infer<typeof pidFile>

export function pidFilePath(dir: string, name: ServerName): string {
  return join(dir, name, 'server.json')
}

export function writePidFile(dir: string, entry: PidFile): void {
  const path = pidFilePath(dir, entry.name)
  mkdirSync(dirname(path), { recursive: true })
  // Renamed into place: a reader, or a kill in mid-write, never sees half of it.
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(entry, null, 2)}\n`)
  renameSync(`${path}.${process.pid}`, path)
}

/**
 * The entry of a server whose process still runs. A left-over file, or one whose number has passed to some
 * other process since, counts as none: nothing is ever signalled on the word of a number alone.
 */
export function readRunning(dir: string, name: ServerName): PidFile | undefined {
  const entry = parse(pidFilePath(dir, name))
  return entry !== undefined && processIdentity(entry.pid) === entry.identity ? entry : undefined
}

export function removePidFile(dir: string, name: ServerName): void {
  rmSync(pidFilePath(dir, name), { force: true })
}

function parse(path: string): PidFile | undefined {
  try {
    return pidFile.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}
