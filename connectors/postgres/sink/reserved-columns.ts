import { MillraceError } from '../../../lib/errors.ts'
import type { TableTarget } from '../../../lib/table/table.ts'

/** Holds the clock that the row was written with. */
export const CLOCK = 'write_clock'
/** True in the row that a deletion leaves. */
export const DELETED = 'deleted'

/** @throws {MillraceError} `CONFIG` if a column has the name of one of ours. */
export function requireUnreserved({ name, columns }: TableTarget): void {
  const taken = [CLOCK, DELETED].find((column) => Object.hasOwn(columns, column))
  if (taken === undefined) return
  throw new MillraceError(
    'CONFIG',
    `table ${name}: in PostgreSQL the column "${taken}" is the sink's own; give yours another name`,
  )
}
