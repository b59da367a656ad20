import { MillraceError } from '../errors.ts'
import type { LevelSubject } from '../level-error.ts'

export function subjectOf(dir: string): LevelSubject {
  return {
    name: `The state in ${dir}`,
    cure: 'delete the folder, and the state is restored from its changelog',
  }
}

/** `what` completes the sentence: `damaged on disk: …`. */
export function damaged(dir: string, what: string): MillraceError {
  const { name, cure } = subjectOf(dir)
  return new MillraceError('DATA_LOSS', `${name} is damaged on disk: ${what}; ${cure}.`)
}

export function foreign(dir: string): MillraceError {
  return new MillraceError(
    'CONFIG',
    `${dir} is not a folder of millrace's state: it holds other things. Give one that is empty or new.`,
  )
}
