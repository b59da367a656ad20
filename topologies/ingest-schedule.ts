import type { Schedule } from '../connectors/schedule/cron.ts'

/** Time as the scheduler sees it; a virtual one in specs. */
export interface Clock {
  now(): Date
  /** Resolves then, or when `signal` aborts. */
  until(time: Date, signal: AbortSignal): Promise<void>
}

export type IntervalState = 'running' | 'succeeded' | 'failed' | 'skipped'

/** What the run history says of intervals. */
export interface IntervalHistory {
  /** States by the time for which a run was due (ms since 1970), for all at or after `since`. */
  states(since: Date): Promise<ReadonlyMap<number, IntervalState>>
  /** The first and the latest interval of which there is a run; undefined when there was none yet. */
  range(): Promise<{ readonly first: Date; readonly latest: Date } | undefined>
  /** Notes that an interval was given up, being further back than the catch-up limit. Idempotent. */
  skip(dueAt: Date): Promise<void>
}

export interface SchedulerOptions {
  readonly schedule: Schedule
  readonly history: IntervalHistory
  /** Does the run of one interval; idempotent by its time. Rejects when it failed. */
  readonly run: (dueAt: Date, signal: AbortSignal) => Promise<void>
  /** How many of the latest intervals are made up for: missed ones and failed ones. Older ones are skipped. */
  readonly catchUp: number
  readonly maxActiveRuns: number
  /** Attempts at an interval before it is left as failed until the next wake-up. */
  readonly attempts: number
  /** Wait before attempt n + 1. Milliseconds. */
  readonly backoff: (attempt: number) => number
  readonly clock: Clock
  readonly onEvent?: (event: SchedulerEvent) => void
}

export type SchedulerEvent =
  | { readonly kind: 'waiting'; readonly until: Date }
  | { readonly kind: 'skipped'; readonly dueAt: Date }
  | { readonly kind: 'retrying' | 'failed'; readonly dueAt: Date; readonly error: unknown }

/**
 * Runs what is due, then waits for the next interval, until `signal` aborts. An interval is due when the history
 * holds no finished run of it: after a crash, an outage or a failure it is made up for, oldest first.
 */
export async function runSchedule(options: SchedulerOptions, signal: AbortSignal): Promise<void> {
  const { clock, schedule, onEvent } = options
  while (!signal.aborted) {
    const now = clock.now()
    await runAll(await dueAt(now, options), options, signal)
    const next = schedule.next(now)
    if (next === undefined || signal.aborted) return
    onEvent?.({ kind: 'waiting', until: next })
    await clock.until(next, signal)
  }
}

/** Intervals of the past that have no finished run, oldest first; notes as skipped what is too far back. */
export async function dueAt(now: Date, options: SchedulerOptions): Promise<readonly Date[]> {
  const { schedule, history, catchUp, maxActiveRuns, onEvent } = options
  const window = intervalsBefore(schedule, now, catchUp)
  const range = await history.range()
  // A schedule that never ran begins with the interval that has just passed, not with its whole past.
  if (range === undefined || window[0] === undefined) return window.slice(-1)
  // Of those that were begun side by side the last one may be in the history without the ones before it.
  const from = intervalsBefore(schedule, range.latest, maxActiveRuns)[0] ?? range.latest
  const states = await history.states(from < window[0] ? from : window[0])
  const unknown = (time: Date) => time > range.first && !states.has(time.getTime())
  for (const missed of intervalsOf(schedule, from, window[0]).filter(unknown)) {
    await history.skip(missed)
    onEvent?.({ kind: 'skipped', dueAt: missed })
  }
  return window.filter((time) => {
    const state = states.get(time.getTime())
    return unknown(time) || state === 'failed' || state === 'running'
  })
}

/** Every interval from `from` (inclusive) to `to` (exclusive), for a backfill. */
export function intervalsOf(schedule: Schedule, from: Date, to: Date): Date[] {
  const times: Date[] = []
  let time = schedule.next(new Date(from.getTime() - 1000))
  while (time !== undefined && time < to) {
    if (time >= from) times.push(time)
    time = schedule.next(time)
  }
  return times
}

/** At most `maxActiveRuns` at a time, begun in order. */
export async function runAll(
  times: readonly Date[],
  options: SchedulerOptions,
  signal: AbortSignal,
): Promise<Date[]> {
  const failed: Date[] = []
  let begun = 0
  const worker = async () => {
    while (begun < times.length && !signal.aborted) {
      const time = times[begun++]!
      if (!(await attempt(time, options, signal))) failed.push(time)
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.maxActiveRuns, times.length) }, worker))
  return failed
}

async function attempt(time: Date, options: SchedulerOptions, signal: AbortSignal): Promise<boolean> {
  const { run, attempts, backoff, clock, onEvent } = options
  for (let count = 1; ; count++) {
    try {
      await run(time, signal)
      return true
    } catch (error) {
      if (signal.aborted) return false
      const last = count >= attempts
      onEvent?.({ kind: last ? 'failed' : 'retrying', dueAt: time, error })
      if (last) return false
      await clock.until(new Date(clock.now().getTime() + backoff(count)), signal)
    }
  }
}

/** The latest `limit` intervals at or before `now`, oldest first. */
function intervalsBefore(schedule: Schedule, now: Date, limit: number): Date[] {
  const times: Date[] = []
  let time = schedule.last(now)
  while (time !== undefined && times.length < limit) {
    times.unshift(time)
    time = schedule.last(new Date(time.getTime() - 1))
  }
  return times
}
