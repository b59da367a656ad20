import type { Schedule } from '../connectors/schedule/cron.ts'
import { isRetriable } from '../lib/errors.ts'

/** Time as the scheduler sees it; a virtual one in specs. */
export interface Clock {
  now(): Date
  /** Resolves then, or when `signal` aborts. */
  until(time: Date, signal: AbortSignal): Promise<void>
}

export type IntervalState = 'running' | 'succeeded' | 'failed' | 'skipped'

/** What the run history says of intervals. */
export interface IntervalHistory {
  /**
   * States by the time for which a run was due (ms since 1970), for all at or after `since`, and for those before it
   * that the schedule began and that have not ended.
   */
  states(since: Date): Promise<ReadonlyMap<number, IntervalState>>
  /** The first and the latest interval that the schedule has begun or skipped; undefined when there was none yet. */
  range(): Promise<{ readonly first: Date; readonly latest: Date } | undefined>
  /** Notes that intervals were given up, being further back than the catch-up limit. Idempotent. */
  skip(times: readonly Date[]): Promise<void>
}

export interface SchedulerOptions {
  readonly schedule: Schedule
  readonly history: IntervalHistory
  /**
   * Does the run of one interval; idempotent by its time. Resolves whether it is done: a signal may have stopped it.
   * Rejects when it failed.
   */
  readonly run: (dueAt: Date, signal: AbortSignal) => Promise<boolean>
  /** How many of the latest intervals are made up for: missed ones and failed ones. Older ones are skipped. */
  readonly catchUp: number
  readonly maxActiveRuns: number
  /** Attempts at an interval before it is left as failed. At each later wake-up there is one more. */
  readonly attempts: number
  /** Wait before attempt n + 1. Milliseconds. */
  readonly backoff: (attempt: number) => number
  readonly clock: Clock
  readonly onEvent?: (event: SchedulerEvent) => void
}

export type SchedulerEvent =
  | { readonly kind: 'waiting'; readonly until: Date }
  | { readonly kind: 'skipped'; readonly times: readonly Date[] }
  | { readonly kind: 'succeeded'; readonly dueAt: Date }
  | { readonly kind: 'retrying' | 'failed'; readonly dueAt: Date; readonly error: unknown }

export interface DueInterval {
  readonly dueAt: Date
  readonly attempts: number
}

/** After years without a run, not every interval of them is noted as skipped: only so many of the latest. */
const MOST_SKIPPED = 10_000

/**
 * Runs what is due, then waits for the next interval, until `signal` aborts or the schedule ends. An interval is due
 * when the history holds no finished run of it: after a crash, an outage or a failure it is made up for, oldest first.
 */
export async function runSchedule(options: SchedulerOptions, signal: AbortSignal): Promise<void> {
  const { clock, schedule, onEvent } = options
  while (!signal.aborted) {
    const now = clock.now()
    await runAll(await dueIntervals(now, options), options, signal)
    const next = schedule.next(now)
    if (next === undefined || signal.aborted) return
    onEvent?.({ kind: 'waiting', until: next })
    await clock.until(next, signal)
  }
}

/** Intervals of the past that have no finished run, oldest first; notes as skipped what is too far back. */
async function dueIntervals(now: Date, options: SchedulerOptions): Promise<readonly DueInterval[]> {
  const { schedule, history, catchUp, attempts } = options
  const window = intervalsBefore(schedule, now, catchUp)
  const range = await history.range()
  // A schedule that never ran begins with the interval that has just passed, not with its whole past.
  if (range === undefined || window[0] === undefined) {
    return window.slice(-1).map((dueAt) => ({ dueAt, attempts }))
  }
  const horizon = knownUntil(range.latest, options)
  const states = await history.states(horizon < window[0] ? horizon : window[0])
  const isMissed = (time: Date) => time > range.first && !states.has(time.getTime())
  await skip(intervalsBefore(schedule, before(window[0]), MOST_SKIPPED, horizon).filter(isMissed), options)
  const left = [...states].filter(([time, state]) => state === 'running' && time < window[0]!.getTime())
  const times = [...left.map(([time]) => new Date(time)).sort((a, b) => a.getTime() - b.getTime()), ...window]
  return times.flatMap((dueAt) => {
    const state = states.get(dueAt.getTime())
    if (isMissed(dueAt) || state === 'running') return [{ dueAt, attempts }]
    return state === 'failed' ? [{ dueAt, attempts: 1 }] : []
  })
}

/** Of those that were begun side by side the last one may be in the history without the ones before it. */
function knownUntil(latest: Date, { schedule, maxActiveRuns }: SchedulerOptions): Date {
  return intervalsBefore(schedule, latest, maxActiveRuns)[0] ?? latest
}

async function skip(times: readonly Date[], { history, onEvent }: SchedulerOptions): Promise<void> {
  if (times.length === 0) return
  await history.skip(times)
  onEvent?.({ kind: 'skipped', times })
}

/** Every interval from `from` (inclusive) to `to` (exclusive), at most `limit`, for a backfill. */
export function intervalsOf(schedule: Schedule, from: Date, to: Date, limit = Infinity): Date[] {
  const times: Date[] = []
  let time = schedule.next(new Date(from.getTime() - 1000))
  while (time !== undefined && time < to && times.length < limit) {
    if (time >= from) times.push(time)
    time = schedule.next(time)
  }
  return times
}

export interface RunOutcome {
  readonly succeeded: readonly Date[]
  /** The others were stopped, or never begun, because `signal` aborted. */
  readonly failed: readonly Date[]
}

/** At most `maxActiveRuns` at a time, begun in order. */
export async function runAll(
  due: readonly DueInterval[],
  options: SchedulerOptions,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const succeeded: Date[] = []
  const failed: Date[] = []
  let begun = 0
  const worker = async () => {
    while (begun < due.length && !signal.aborted) {
      const interval = due[begun++]!
      const done = await runInterval(interval, options, signal)
      if (done !== undefined) (done ? succeeded : failed).push(interval.dueAt)
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.maxActiveRuns, due.length) }, worker))
  return { succeeded, failed }
}

/** Resolves whether it succeeded; undefined when the signal stopped it. */
async function runInterval(
  { dueAt, attempts }: DueInterval,
  { run, backoff, clock, onEvent }: SchedulerOptions,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (!(await run(dueAt, signal))) return undefined
      onEvent?.({ kind: 'succeeded', dueAt })
      return true
    } catch (error) {
      if (signal.aborted) return undefined
      const last = attempt >= attempts || !isRetriable(error)
      onEvent?.({ kind: last ? 'failed' : 'retrying', dueAt, error })
      if (last) return false
      await clock.until(new Date(clock.now().getTime() + backoff(attempt)), signal)
      if (signal.aborted) return undefined
    }
  }
}

/** The latest `limit` intervals at or before `now`, and at or after `since`, oldest first. */
function intervalsBefore(schedule: Schedule, now: Date, limit: number, since?: Date): Date[] {
  const times: Date[] = []
  let time = schedule.last(now)
  while (time !== undefined && times.length < limit && (since === undefined || time >= since)) {
    times.push(time)
    time = schedule.last(before(time))
  }
  return times.reverse()
}

function before(time: Date): Date {
  return new Date(time.getTime() - 1)
}
