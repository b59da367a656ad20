import { MillraceError, messageOf } from './errors.ts'

/** How messages name a LevelDB store, and what to do when it is damaged. */
export interface LevelSubject {
  /** E.g. `The embedded log in /data`. */
  readonly name: string
  readonly cure: string
}

interface Coded {
  readonly code?: unknown
  readonly cause?: unknown
}

/** Another process, or another place in this one, has the store open. */
export function isLocked(error: unknown): boolean {
  return chain(error).some(({ code }) => code === 'LEVEL_LOCKED')
}

/**
 * What LevelDB or the file system says, as our error. All of it is worth trying again (space can be made, a disk
 * mounted) but for damage, which waiting makes no better.
 */
export function levelError(error: unknown, doing: string, { name, cure }: LevelSubject): MillraceError {
  const errors = chain(error)
  const known = errors.find((link) => link instanceof MillraceError)
  if (known instanceof MillraceError) return known
  const text = errors.map(messageOf).join(': ')
  const named = `${name}: ${doing}:`
  if (errors.some(({ code }) => code === 'LEVEL_CORRUPTION') || /corruption/i.test(text)) {
    return new MillraceError('DATA_LOSS', `${named} damaged on disk; ${cure} (${text})`)
  }
  if (/no space|file too large|quota|ENOSPC|EDQUOT|EFBIG/i.test(text)) {
    return new MillraceError(
      'UNREACHABLE',
      `${named} the disk is full; nothing was lost, make room (${text})`,
    )
  }
  if (/EACCES|EPERM|EROFS|ENOTDIR|EEXIST|permission denied/i.test(text)) {
    return new MillraceError('CONFIG', `${named} no folder that this user can write (${text})`)
  }
  return new MillraceError('UNREACHABLE', `${named} ${text}`)
}

function chain(error: unknown): Coded[] {
  const links: Coded[] = []
  for (let link = error; typeof link === 'object' && link !== null && links.length < 10; ) {
    links.push(link)
    link = (link as Coded).cause
  }
  return links
}
