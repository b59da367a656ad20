import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where the process that owns the log is to be found. LevelDB's own lock, not this file, says who that is. */
export interface OwnerFile {
  readonly pid: number
  readonly socket: string
  /** When the process became owner, ISO 8601. */
  readonly since: string
}

const NAME = 'owner.json'
/** What the operating systems allow for the path of a socket, at least. */
const SOCKET_PATH_BYTES = 100

/** Undefined when there is none, or none that can be read. */
export async function readOwnerFile(dir: string): Promise<OwnerFile | undefined> {
  try {
    const found = JSON.parse(await readFile(join(dir, NAME), 'utf8')) as Partial<OwnerFile>
    return typeof found.socket === 'string' ? (found as OwnerFile) : undefined
  } catch {
    return undefined
  }
}

/** Seen whole or not at all. */
export async function writeOwnerFile(dir: string, socket: string): Promise<void> {
  const owner: OwnerFile = { pid: process.pid, socket, since: new Date().toISOString() }
  const temporary = join(dir, `.${NAME}.${process.pid}`)
  await writeFile(temporary, `${JSON.stringify(owner)}\n`, { mode: 0o600 })
  await rename(temporary, join(dir, NAME))
}

/**
 * Removes what an owner that was killed has left, or this one leaves. Only who holds LevelDB's lock may do this.
 */
export async function removeOwnerFiles(dir: string): Promise<void> {
  const former = await readOwnerFile(dir)
  for (const name of await readdir(dir)) {
    if (name === NAME || name.startsWith(`.${NAME}.`) || name.endsWith('.sock'))
      await rm(join(dir, name), { force: true })
  }
  if (former !== undefined && isOurs(former.socket))
    await rm(join(former.socket, '..'), { recursive: true, force: true })
}

/** A name no one had before: a former owner that ends late must not remove its successor's. */
export async function newSocketPath(dir: string): Promise<string> {
  const name = `${process.pid}-${randomBytes(4).toString('hex')}.sock`
  const path = join(dir, name)
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES) return path
  return join(await mkdtemp(join(tmpdir(), OUTSIDE)), name)
}

const OUTSIDE = 'millrace-log-'

function isOurs(socket: string): boolean {
  return socket.startsWith(join(tmpdir(), OUTSIDE))
}
