import { MillraceError } from '../../../lib/errors.ts'

const SLOT_NAME = /^[a-z0-9_]{1,48}$/

/**
 * A slot's name as it stands in a replication command.
 * @throws {MillraceError} `CONFIG` for a name PostgreSQL would not take, or too long to derive others from it.
 */
export function quoteSlot(name: string): string {
  if (!SLOT_NAME.test(name)) {
    throw new MillraceError(
      'CONFIG',
      `"${name}" can't be a replication slot: use lower-case letters, digits and _, at most 48`,
    )
  }
  return `"${name}"`
}
