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
 * A cron expression of five fields (or six, with seconds) in a time zone. In the hour that a clock is put back a
 * time of day comes once; one that a clock skips comes when it has skipped (croner's rules).
 *
 * @throws MillraceError `CONFIG` for an expression or a time zone that is none.
 */
export function cronSchedule(expression: string, timeZone = 'UTC'): Schedule {
  const cron = parse(expression, timeZone)
  return {
    text: timeZone === 'UTC' ? expression : `${expression} ${timeZone}`,
    next: (time) => cron.nextRun(time) ?? undefined,
    // croner rounds the reference to a second.
    last: (time) => cron.previousRuns(2, new Date(time.getTime() + 1000)).find((run) => run <= time),
  }
}

function parse(expression: string, timeZone: string): Cron {
  try {
    const cron = new Cron(expression, { timezone: timeZone, paused: true })
    cron.nextRun()
    return cron
  } catch (error) {
    throw new MillraceError(
      'CONFIG',
      `INGEST_SCHEDULE "${expression}" in time zone ${timeZone} is no schedule: ${messageOf(error)}. Write e.g. "*/5 * * * *"`,
    )
  }
}
