import { MillraceError } from '../errors.ts'
import type { SinkTarget } from '../ports.ts'

/** As long as a table's name may be. */
const LONGEST = 48

/** The same table beside the live one. @throws MillraceError `CONFIG` where its name would be too long. */
export function shadowTable<T extends SinkTarget>(target: T, name: string): T {
  const table = `${target.name}_${name}`
  if (table.slice(table.lastIndexOf('.') + 1).length <= LONGEST) {
    return Object.freeze({ ...target, name: table })
  }
  const message = `table ${target.name} would have the shadow ${table}, longer than ${LONGEST} characters: choose a shorter name`
  throw new MillraceError('CONFIG', message)
}
