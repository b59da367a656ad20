import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** `java (pid 123)` for the process that listens on a port, where the system shows it (Linux; else undefined). */
export function portOwner(port: number): string | undefined {
  const inodes = listeningInodes(port)
  if (inodes.size === 0) return undefined
  const pid = listNumbers('/proc').find((candidate) => holdsSocket(candidate, inodes))
  return pid === undefined ? undefined : `${commandOf(pid)} (pid ${pid})`
}

function listeningInodes(port: number): Set<string> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => read(file).split('\n').slice(1))
  const listening = rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(`:${hexPort}`) && state === '0A')
  return new Set(listening.map((fields) => `socket:[${fields[9]}]`))
}

function holdsSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  return listNumbers(`/proc/${pid}/fd`).some((fd) => inodes.has(link(`/proc/${pid}/fd/${fd}`)))
}

function commandOf(pid: string): string {
  return read(`/proc/${pid}/comm`).trim()
}

// Processes end, and those of other users are closed to us, while we look: both read as empty.
function read(file: string): string {
  return attempt(() => readFileSync(file, 'utf8'), '')
}

function link(file: string): string {
  return attempt(() => readlinkSync(file), '')
}

function listNumbers(directory: string): string[] {
  return attempt(() => readdirSync(directory), []).filter((entry) => /^\d+$/.test(entry))
}

function attempt<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch {
    return otherwise
  }
}
