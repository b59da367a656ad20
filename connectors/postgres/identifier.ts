import { MillraceError } from '../../lib/errors.ts'

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,47}$/

/**
 * A name as it stands in SQL. Names can't be bound as parameters, so only plain ones are let through.
 * @throws {MillraceError} `CONFIG` for any other name.
 */
export function quoteIdentifier(name: string): string {
  if (!IDENTIFIER.test(name)) {
    throw new MillraceError(
      'CONFIG',
      `"${name}" can't be a PostgreSQL name here: use letters, digits and _, not starting with a digit, at most 48`,
    )
  }
  return `"${name}"`
}

/** `schema.table` or `table`, each part quoted. */
export function quoteTable(name: string): string {
  return name.split('.').map(quoteIdentifier).join('.')
}
