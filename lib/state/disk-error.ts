import { MillraceError, messageOf } from '../errors.ts'
import { isLocked, levelError } from '../level-error.ts'

const CURE = 'Delete the folder, and the state is restored from its changelog.'

/** `what` completes the sentence: `damaged on disk: …`. */
export function damaged(dir: string, what: string): MillraceError {
  return new MillraceError('DATA_LOSS', `The state in ${dir} is damaged on disk: ${what}. ${CURE}`)
}

export function foreign(dir: string): MillraceError {
  return new MillraceError(
    'CONFIG',
    `${dir} is not a folder of millrace's state: it holds other things. Give one that is empty or new.`,
  )
}

export function anothers(dir: string, found: string, owner: string): MillraceError {
  return new MillraceError('CONFIG', `The state in ${dir} is that of ${found}, not of ${owner}. ${CURE}`)
}

/** What LevelDB or the file system says of the state in `dir`, as our error. */
export function diskError(error: unknown, doing: string, dir: string): MillraceError {
  if (error instanceof MillraceError) return error
  if (isLocked(error)) return locked(dir)
  const text = `${messageOf(error)}: ${error instanceof Error ? messageOf(error.cause) : ''}`
  // LevelDB can't map an empty file: an invalid argument, to the operating system.
  if (/does not exist|no such file|invalid argument/i.test(text))
    return damaged(dir, `a file is missing or empty (${text})`)
  return levelError(error, doing, { name: `The state in ${dir}`, cure: CURE })
}

function locked(dir: string): MillraceError {
  const error = new MillraceError(
    'CONFIG',
    `The state in ${dir} is open in another worker. Give each worker on a machine a MILLRACE_STATE_DIR of its own, or stop the other one first.`,
  )
  openElsewhere.add(error)
  return error
}

const openElsewhere = new WeakSet<object>()

/** Whoever has it may be about to close it. */
export function isOpenElsewhere(error: unknown): boolean {
  return error instanceof MillraceError && openElsewhere.has(error)
}
