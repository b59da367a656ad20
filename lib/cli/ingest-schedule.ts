import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../connectors/postgres/connection.ts'
import { intervalHistory } from '../../connectors/postgres/interval-history.ts'
import { asLeader } from '../../connectors/postgres/leadership.ts'
import { cronSchedule, type Schedule } from '../../connectors/schedule/cron.ts'
import {
  type Clock,
  intervalsOf,
  runAll,
  runSchedule,
  type SchedulerEvent,
  type SchedulerOptions,
} from '../../topologies/ingest-schedule.ts'
import { backoffDelay } from '../backoff.ts'
import { MillraceError, messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Config } from './config.ts'
import type { Ingester } from './ingest-run.ts'

export interface ScheduleFlags {
  readonly catchUp: number
  readonly maxActiveRuns: number
  readonly retries: number
}

export const SCHEDULE_DEFAULTS: ScheduleFlags = { catchUp: 12, maxActiveRuns: 1, retries: 3 }

export interface IngestSchedule extends ScheduleFlags {
  readonly schedule: Schedule
  readonly clock?: Clock
}

export function scheduleOf(settings: Config<'INGEST_SCHEDULE' | 'INGEST_TIMEZONE'>): Schedule {
  return cronSchedule(settings.INGEST_SCHEDULE, settings.INGEST_TIMEZONE)
}

/** Runs what is due while this process is the leader, until `signal` aborts. */
export async function ingestBySchedule(
  database: Database,
  ingest: Ingester,
  said: IngestSchedule,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  log.info({ schedule: said.schedule.text }, 'ingest by schedule: waiting to be the leader')
  const lead = (leading: AbortSignal) => {
    log.info({}, 'ingest by schedule: leading')
    return runSchedule(optionsOf(database, ingest, said, log), leading)
  }
  await asLeader(database, 'ingest schedule', lead, signal)
}

/**
 * Runs each interval of a range that has not succeeded yet.
 *
 * @throws MillraceError `STEP` naming the intervals that failed.
 */
export async function backfill(
  database: Database,
  ingest: Ingester,
  said: IngestSchedule,
  range: { readonly from: Date; readonly to: Date },
  log: Logger,
  signal: AbortSignal,
): Promise<number> {
  const options = optionsOf(database, ingest, said, log)
  const states = await options.history.states(range.from)
  const times = intervalsOf(said.schedule, range.from, range.to)
  const due = times.filter((time) => states.get(time.getTime()) !== 'succeeded')
  log.info({ intervals: times.length, due: due.length }, 'backfill')
  const failed = await runAll(due, options, signal)
  if (failed.length > 0) {
    const names = failed.map((time) => time.toISOString()).join(', ')
    throw new MillraceError('STEP', `backfill: ${failed.length} of ${due.length} intervals failed: ${names}`)
  }
  return due.length
}

function optionsOf(
  database: Database,
  ingest: Ingester,
  said: IngestSchedule,
  log: Logger,
): SchedulerOptions {
  return {
    schedule: said.schedule,
    history: intervalHistory(database),
    run: async (dueAt, signal) => void (await ingest({ dueAt }, signal)),
    catchUp: said.catchUp,
    maxActiveRuns: said.maxActiveRuns,
    attempts: said.retries + 1,
    backoff: (attempt) => backoffDelay(attempt, 1000, 60_000),
    clock: said.clock ?? CLOCK,
    onEvent: (event) => tell(event, log),
  }
}

const CLOCK: Clock = {
  now: () => new Date(),
  until: async (time, signal) => {
    await delay(Math.max(0, time.getTime() - Date.now()), undefined, { signal }).catch(() => {})
  },
}

function tell(event: SchedulerEvent, log: Logger): void {
  switch (event.kind) {
    case 'waiting':
      log.debug({ until: event.until }, 'waiting for the next interval')
      break
    case 'skipped':
      log.warn({ dueAt: event.dueAt }, 'interval skipped: further back than --catch-up')
      break
    case 'retrying':
      log.warn({ dueAt: event.dueAt }, `ingest run failed, trying again: ${messageOf(event.error)}`)
      break
    case 'failed':
      log.error({ dueAt: event.dueAt }, `ingest run failed: ${messageOf(event.error)}`)
  }
}
