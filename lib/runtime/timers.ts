import type { Timers } from '../operators/step.ts'
import type { Context } from '../record.ts'
import type { OperatorTime } from '../state/operator-time.ts'

interface Schedule {
  readonly interval: number
  readonly due: (time: number) => void
  next: number
}

interface IdleCall {
  readonly after: number
  readonly due: () => void
  /** What was read last when it was called last. */
  called: Context | undefined
}

/** The clocks of one task, and what it has promised to do by them. (PunctuationQueue) */
export class TaskTimers implements Timers {
  readonly #now: () => number
  readonly #schedules = { 'stream-time': new Set<Schedule>(), 'wall-clock': new Set<Schedule>() }
  readonly #idle: IdleCall[] = []
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

  idle(after: number, due: () => void): void {
    this.#idle.push({ after, due, called: undefined })
  }

  /** Whether something is done once the input is idle. */
  get awaitsIdle(): boolean {
    return this.#idle.length > 0
  }

  /** The input has been idle for so long. Milliseconds. */
  idleFor(time: number): void {
    for (const call of this.#idle) {
      if (call.after > time || call.called === this.#current) continue
      call.called = this.#current
      call.due()
    }
  }

  /** Whether all that is done once the input is idle has been done since something was read. */
  get settled(): boolean {
    return this.#idle.every(({ called }) => called === this.#current)
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
    if (schedules.size === 0) return
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
