import { execFileSync, spawnSync } from 'node:child_process'
import { MillraceError } from '../lib/errors.ts'

export interface User {
  readonly uid: number
  readonly gid: number
}

/** The user to run PostgreSQL as: ourselves (undefined), or, since it refuses root, `postgres` or `nobody`. */
export function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const user = ['postgres', 'nobody'].map(lookUp).find((found) => found !== undefined)
  if (user !== undefined) return user
  throw new MillraceError(
    'UNREACHABLE',
    'PostgreSQL refuses to run as root and there is neither a user postgres nor nobody: ' +
      'create one (useradd --system postgres) or run as another user',
    { retriable: false },
  )
}

/** Whether the user may enter a directory: every directory above it must let it through. */
export function canEnter(user: User, directory: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], { cwd: '/', ...user }).status === 0
}

function lookUp(name: string): User | undefined {
  try {
    return { uid: idOf('-u', name), gid: idOf('-g', name) }
  } catch {
    return undefined
  }
}

function idOf(flag: '-u' | '-g', name: string): number {
  return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
}
