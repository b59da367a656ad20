import type { Database } from '../../../connectors/postgres/connection.ts'
import type { Schedule } from '../../../connectors/schedule/cron.ts'
import { intervalsOf, runAll } from '../../../topologies/ingest-schedule.ts'
import { MillraceError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { print } from '../outcome.ts'
import { type IngestSchedule, schedulerOptions } from './by-schedule.ts'
import type { Ingester } from './ingester.ts'
import { intervalProgress } from './report.ts'

export interface Backfilled {
  /** In the range, up to now. */
  readonly intervals: number
  readonly alreadySucceeded: number
  readonly succeeded: number
  readonly failed: readonly Date[]
}

const MOST_INTERVALS = 100_000

/**
 * The intervals at or after FROM and before TO. Those that are not due yet are left to the schedule.
 *
 * @throws MillraceError `CONFIG` when these are not two times in order, or the intervals are too many.
 */
export function backfillTimes(schedule: Schedule, given: readonly Date[]): readonly Date[] {
  const [from, to] = given
  if (from === undefined || to === undefined || given.length !== 2) {
    throw new MillraceError('CONFIG', `--backfill takes two times, FROM and TO, not ${given.length}`)
  }
  if (from >= to) {
    const range = `${from.toISOString()} is not before ${to.toISOString()}`
    throw new MillraceError('CONFIG', `--backfill FROM TO: ${range}; TO is the first interval left out`)
  }
  const times = intervalsOf(schedule, from, earlier(to, new Date()), MOST_INTERVALS + 1)
  if (times.length <= MOST_INTERVALS) return times
  throw new MillraceError(
    'CONFIG',
    `--backfill: more than ${MOST_INTERVALS} intervals of "${schedule.text}"; give a shorter range`,
  )
}

/** Runs each of these intervals that has not succeeded. Those that a signal stopped are in no count. */
export async function backfill(
  database: Database,
  ingest: Ingester,
  said: IngestSchedule & { readonly times: readonly Date[] },
  log: Logger,
  signal: AbortSignal,
): Promise<Backfilled> {
  const options = schedulerOptions(database, ingest, 'backfill', said, log)
  const { times } = said
  const states = await options.history.states(times[0] ?? new Date())
  const due = times.filter((time) => states.get(time.getTime()) !== 'succeeded')
  const progress = intervalProgress(process.stderr, due.length)
  const onEvent: typeof options.onEvent = (event) => {
    options.onEvent(event)
    if (event.kind === 'succeeded' || event.kind === 'failed') progress.passed()
  }
  const intervals = due.map((dueAt) => ({ dueAt, attempts: options.attempts }))
  try {
    const { succeeded, failed } = await runAll(intervals, { ...options, onEvent }, signal)
    return {
      intervals: times.length,
      alreadySucceeded: times.length - due.length,
      succeeded: succeeded.length,
      failed,
    }
  } finally {
    // The bar hides the cursor.
    progress.stop()
  }
}

/** Exit code 1 unless every interval has succeeded. */
export function reportBackfill(done: Backfilled, json: boolean): void {
  const { intervals, alreadySucceeded, succeeded, failed } = done
  const left = intervals - alreadySucceeded - succeeded - failed.length
  if (left > 0 || failed.length > 0) process.exitCode = 1
  if (json) print({ ...done, left })
  else process.stdout.write(`${textOf(done, left)}\n`)
}

function textOf({ intervals, alreadySucceeded, succeeded, failed }: Backfilled, left: number): string {
  const parts = [`${succeeded} run`, `${alreadySucceeded} had succeeded before`, `${failed.length} failed`]
  if (left > 0) parts.push(`${left} left; start it again to go on`)
  const failures = failed.map((time) => `failed: ${time.toISOString()}`)
  return [`backfill: ${intervals} intervals: ${parts.join(', ')}`, ...failures].join('\n')
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b
}
