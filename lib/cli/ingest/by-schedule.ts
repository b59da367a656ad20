import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../../connectors/postgres/connection.ts'
import { asLeader } from '../../../connectors/postgres/leadership.ts'
import type { RunType } from '../../../connectors/postgres/staging/ingest-run.ts'
import { intervalHistory } from '../../../connectors/postgres/staging/interval-history.ts'
import { cronSchedule, type Schedule } from '../../../connectors/schedule/cron.ts'
import {
  type Clock,
  runSchedule,
  type SchedulerEvent,
  type SchedulerOptions,
} from '../../../topologies/ingest-schedule.ts'
import { backoffDelay } from '../../backoff.ts'
import { messageOf } from '../../errors.ts'
import { atMostEvery, type Logger } from '../../log.ts'
import type { Config } from '../config.ts'
import type { Ingester } from './ingester.ts'
import { summaryOf } from './report.ts'

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

export const SCHEDULE_VARIABLES = ['INGEST_SCHEDULE', 'INGEST_TIMEZONE'] as const

export function scheduleOf(settings: Config<(typeof SCHEDULE_VARIABLES)[number]>): Schedule {
  return cronSchedule(settings.INGEST_SCHEDULE, settings.INGEST_TIMEZONE)
}

/**
 * Runs what is due while this process is the leader, until `signal` aborts. A database that goes away later, or an
 * API that fails, does not end it.
 *
 * @throws MillraceError `UNREACHABLE` or `MISSING` when the database or its tables are not there to begin with.
 */
export async function ingestBySchedule(
  database: Database,
  ingest: Ingester,
  said: IngestSchedule,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const options = schedulerOptions(database, ingest, 'scheduled', said, log)
  await options.history.range()
  log.info({ schedule: said.schedule.text }, 'ingest by schedule: waiting to be the leader')
  const lead = async (leading: AbortSignal) => {
    log.info({}, 'ingest by schedule: leading')
    try {
      await runSchedule(options, leading)
    } finally {
      log.info({}, 'ingest by schedule: no longer leading')
    }
  }
  const sometimes = atMostEvery(10_000)
  const onWait = (error: unknown) => sometimes(() => log.warn({}, `waiting: ${messageOf(error)}`))
  await asLeader(database, 'ingest schedule', lead, signal, onWait)
}

export function schedulerOptions(
  database: Database,
  ingest: Ingester,
  runType: RunType,
  said: IngestSchedule,
  log: Logger,
) {
  return {
    schedule: said.schedule,
    history: intervalHistory(database),
    run: async (dueAt: Date, signal: AbortSignal) => {
      const run = await ingest({ dueAt, runType }, signal)
      log.info({ dueAt }, summaryOf(run))
      return run.state === 'succeeded'
    },
    catchUp: said.catchUp,
    maxActiveRuns: said.maxActiveRuns,
    attempts: said.retries + 1,
    backoff: (attempt: number) => backoffDelay(attempt, 1000, 60_000),
    clock: said.clock ?? CLOCK,
    onEvent: (event: SchedulerEvent) => tell(event, log),
  } satisfies SchedulerOptions
}

/** A timer holds 24 days at most, and does not know that the machine slept or that its clock was set. */
const LOOK_EVERY_MS = 60_000

const CLOCK: Clock = {
  now: () => new Date(),
  until: async (time, signal) => {
    for (;;) {
      const left = time.getTime() - Date.now()
      if (left <= 0 || signal.aborted) return
      await delay(Math.min(left, LOOK_EVERY_MS), undefined, { signal }).catch(() => {})
    }
  },
}

function tell(event: SchedulerEvent, log: Logger): void {
  switch (event.kind) {
    case 'waiting':
      log.debug({ until: event.until }, 'waiting for the next interval')
      break
    case 'skipped': {
      const range = { from: event.times[0], to: event.times.at(-1) }
      log.warn(range, `skipped, being further back than --catch-up: ${event.times.length} intervals`)
      break
    }
    case 'retrying':
      log.warn({ dueAt: event.dueAt }, `ingest run failed, trying again: ${messageOf(event.error)}`)
      break
    case 'failed':
      log.error({ dueAt: event.dueAt }, `ingest run failed: ${messageOf(event.error)}`)
  }
}
