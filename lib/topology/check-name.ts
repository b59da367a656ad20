import { MillraceError } from '../errors.ts'

/** Kafka's rule for topic names, since step names become parts of topic, group and metric names. */
const LEGAL = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

/** @throws MillraceError `CONFIG` for a name that is missing or not legal. */
export function checkName(what: string, name: string): void {
  if (typeof name === 'string' && LEGAL.test(name)) return
  throw new MillraceError(
    'CONFIG',
    `a ${what} needs a name of letters, digits, ".", "_" or "-" (at most 100), not ${JSON.stringify(name)}`,
  )
}
