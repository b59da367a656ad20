import { MillraceError } from '../../errors.ts'
import { instant } from '../../instant.ts'

/**
 * A time as a URL has it: ISO 8601, or milliseconds since 1970.
 *
 * @throws MillraceError `CONFIG` for anything else.
 */
export function timeOf(text: string): number {
  if (/^\d{1,16}$/.test(text)) return Number(text)
  // In a query a plus means a space, and is easily forgotten to be written otherwise.
  const date = instant(text.replace(/ (\d{2}:\d{2})$/, '+$1'))
  if (date !== undefined) return date.getTime()
  throw new MillraceError('CONFIG', 'give times as 2026-11-22T18:00:00Z, or in milliseconds since 1970')
}
