import { MillraceError } from './errors.ts'

/** Records per second, or a number with a unit of time: `500/s`, `30/m`, `1000/h`. */
export type Rate = number | string

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

/** @returns records per second. @throws {MillraceError} `CONFIG` for anything that is no rate above 0. */
export function rate(said: Rate): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(?:\/([smh]))?$/.exec(String(said)) ?? []
  const perSecond = Number(number) / SECONDS[unit]!
  if (perSecond > 0) return perSecond
  const message = `"${said}" is no rate; write records per second, minute or hour, like "500/s", "30/m" or "1000/h"`
  throw new MillraceError('CONFIG', message)
}
