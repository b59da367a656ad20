import type { MillraceError } from '../../../lib/errors.ts'
import { levelError } from '../../../lib/level-error.ts'

/** What LevelDB or the file system says about the log in `dir`, as our error. */
export function storeError(error: unknown, doing: string, dir: string): MillraceError {
  return levelError(error, doing, {
    name: `The embedded log in ${dir}`,
    cure: 'restore the folder from a backup',
  })
}
