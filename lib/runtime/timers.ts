import type { Timers } from '../operators/step.ts'
import type { Context } from '../record.ts'
import type { OperatorTime } from '../state/operator-time.ts'

interface Schedule {
  readonly interval: number
  readonly due: (time: number) => void
  next: number
}

/** The clocks of one task, and what it has promised to do by them. (PunctuationQueue) */
export class TaskTimers implements Timers {
  readonly #now: () => number
  readonly #schedules = { 'stream-time': new Set<Schedule>(), 'wall-clock': new Set<Schedule>() }
  /** The task's own: the largest timestamp it has read. */
  readonly #streamTime: OperatorTime
  #current: Context

  constructor(now: () => number, streamTime: OperatorTime, before: Context) {
    this.#now = now
    this.#streamTime = streamTime
    this.#current = before
  }

  get streamTime(): number {
    return this.#streamTime.now
  }

  get wallClock(): number {
    return this.#now()
  }

  get current(): Context {
    return this.#current
  }

  read(context: Context): void {
    this.#current = context
    this.#streamTime.observe(context.timestamp)
  }

  /** By stream time it is first due at once, whatever the time is; by the wall clock after one interval. */
  schedule(clock: keyof TaskTimers['due'], interval: number, due: (time: number) => void): () => void {
    const schedule = { interval, due, next: clock === 'stream-time' ? 0 : this.#now() + interval }
    this.#schedules[clock].add(schedule)
    return () => this.#schedules[clock].delete(schedule)
  }

  scheduled(clock: keyof TaskTimers['due']): boolean {
    return this.#schedules[clock].size > 0
  }

  readonly due = {
    /** After each record: at most once however far time has gone, and told the time it is rather than was due. */
    'stream-time': () => this.#call('stream-time', this.#streamTime.now),
    'wall-clock': () => this.#call('wall-clock', this.#now()),
  }

  /** What is due first is called first; so is what a call has just scheduled. */
  #call(clock: keyof TaskTimers['due'], time: number): void {
    const schedules = this.#schedules[clock]
    for (
      let first = earliest(schedules);
      first !== undefined && first.next <= time;
      first = earliest(schedules)
    ) {
      const missed = Math.floor((time - first.next) / first.interval)
      first.next += (missed + 1) * first.interval
      first.due(time)
    }
  }
}

function earliest(schedules: Iterable<Schedule>): Schedule | undefined {
  let earliest: Schedule | undefined
  for (const schedule of schedules) {
    if (earliest === undefined || schedule.next < earliest.next) earliest = schedule
  }
  return earliest
}
