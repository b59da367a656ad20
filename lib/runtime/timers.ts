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

  readonly due = {
    /** After each record: at most once however far time has gone, and told the time it is rather than was due. */
    'stream-time': () => this.#call('stream-time', this.#streamTime.now),
    'wall-clock': () => this.#call('wall-clock', this.#now()),
  }

  #call(clock: keyof TaskTimers['due'], time: number): void {
    for (const schedule of this.#schedules[clock]) {
      if (schedule.next > time) continue
      const missed = Math.floor((time - schedule.next) / schedule.interval)
      schedule.next += (missed + 1) * schedule.interval
      schedule.due(time)
    }
  }
}
