import type { CommanderError } from 'commander'
import { exitCode, MillraceError, messageOf, place } from '../errors.ts'

/** Differences found by `verify` and `types --check`. */
export const DIFFERENT = 4

/** Something would be lost or break: as errors of that kind end. */
export const BREAKING = 3

/** Ends a command that threw: one line that names the thing and the cure, and the exit code of its kind. */
export function fail(error: unknown, json: boolean): void {
  process.exitCode = exitCode(error)
  const at = error instanceof MillraceError && error.at.topic !== undefined ? ` (at ${place(error.at)})` : ''
  const line = messageOf(error).replace(/\s*\n\s*/g, ' ')
  process.stderr.write(`millrace: ${line}${at}\n`)
  if (json) print({ error: { code: error instanceof MillraceError ? error.code : 'FAILED', message: line } })
  if (!(error instanceof MillraceError) && process.env.MILLRACE_LOG === 'debug' && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`)
  }
}

/** Ends a command that was called wrongly. Commander has said so on stderr; help that was asked for is no failure. */
export function failUsage({ exitCode, code, message }: CommanderError, json: boolean): void {
  process.exitCode = exitCode === 0 ? 0 : 2
  if (exitCode === 0 || !json) return
  const said = code === 'commander.help' ? 'no command was given' : message.replace(/^error: /, '')
  print({ error: { code: 'CONFIG', message: said } })
}

export function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** Rows as aligned columns; numbers to the right, as psql does. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [header, ...rows.map((row) => row.map((cell) => cell.toLocaleString('en-US')))]
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const line = (row: readonly string[], numeric: (column: number) => boolean) =>
    row
      .map((cell, column) =>
        numeric(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd()
  const isNumber = (column: number) => rows.some((row) => typeof row[column] === 'number')
  return cells.map((row) => line(row, isNumber)).join('\n')
}
