import { Cron } from 'croner'
import { MillraceError, messageOf } from '../../lib/errors.ts'

/** Points in time at which something is due. */
export interface Schedule {
  /** As it was said, with its time zone. */
  readonly text: string
  /** The first one after `time`; undefined when there is none any more. */
  next(time: Date): Date | undefined
  /** The last one at or before `time`; undefined when there was none. */
  last(time: Date): Date | undefined
}

/**
 * A cron expression of five fields (or six, with seconds) in a time zone. When clocks change, croner's rules hold: one
 * time of day (`30 2 * * *`) comes once a day, at the end of the gap where clocks skip it; times that repeat within
 * the hour (`0,30 2 * * *`) are left out in a gap, and come again in the hour that does.
 *
 * @throws MillraceError `CONFIG` for an expression or a time zone that is none, and for one that is never due.
 */
export function cronSchedule(expression: string, timeZone = 'UTC'): Schedule {
  requireTimeZone(timeZone)
  const cron = parse(expression, timeZone)
  return {
    text: timeZone === 'UTC' ? expression : `${expression} ${timeZone}`,
    next: (time) => cron.nextRun(time) ?? undefined,
    // croner rounds the reference to a second.
    last: (time) => cron.previousRuns(2, new Date(time.getTime() + 1000)).find((run) => run <= time),
  }
}

function requireTimeZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
  } catch {
    throw new MillraceError(
      'CONFIG',
      `INGEST_TIMEZONE "${timeZone}" is no time zone. Write e.g. Europe/Oslo, or UTC`,
    )
  }
}

function parse(expression: string, timeZone: string): Cron {
  const cron = attempt(expression, timeZone)
  if (cron.nextRun() === null) throw noSchedule(expression, 'it is never due')
  return cron
}

function attempt(expression: string, timeZone: string): Cron {
  try {
    return new Cron(expression, { timezone: timeZone, paused: true })
  } catch (error) {
    throw noSchedule(expression, messageOf(error).replace(/\.$/, ''))
  }
}

function noSchedule(expression: string, why: string): MillraceError {
  return new MillraceError(
    'CONFIG',
    `INGEST_SCHEDULE "${expression}" is no schedule: ${why}. Write e.g. "*/5 * * * *"`,
  )
}
