import { MillraceError } from './errors.ts'

/** Milliseconds, or a number with a unit: `250ms`, `2s`, `5m`, `1h`, `7d`. */
export type Duration = number | string

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** @returns milliseconds. @throws MillraceError `CONFIG` for anything else than a duration. */
export function duration(said: Duration): number {
  if (typeof said === 'number' && Number.isFinite(said) && said >= 0) return said
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(said))
  if (match === null) {
    throw new MillraceError(
      'CONFIG',
      `"${said}" is no duration; write a number with ms, s, m, h or d, like "30s"`,
    )
  }
  return Number(match[1]) * UNITS[match[2]!]!
}
