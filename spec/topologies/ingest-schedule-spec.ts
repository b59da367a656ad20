import { expect } from 'chai'
import { cronSchedule } from '../../connectors/schedule/cron.ts'
import {
  type Clock,
  type IntervalHistory,
  type IntervalState,
  intervalsOf,
  runSchedule,
  type SchedulerEvent,
  type SchedulerOptions,
} from '../../topologies/ingest-schedule.ts'

const START = Date.parse('2026-11-22T10:02:00Z')
const MINUTE = 60_000

/** A clock that jumps, and stops the scheduler at its end. */
class VirtualClock implements Clock {
  #now: number
  readonly #end: number
  readonly #stop: AbortController

  constructor(start: number, minutes: number, stop: AbortController) {
    this.#now = start
    this.#end = start + minutes * MINUTE
    this.#stop = stop
  }

  now(): Date {
    return new Date(this.#now)
  }

  async until(time: Date): Promise<void> {
    if (time.getTime() > this.#end) this.#stop.abort()
    else this.#now = Math.max(this.#now, time.getTime())
  }
}

class History implements IntervalHistory {
  readonly runs = new Map<number, IntervalState>()

  async states(since: Date): Promise<ReadonlyMap<number, IntervalState>> {
    return new Map([...this.runs].filter(([time]) => time >= since.getTime()))
  }

  async range() {
    const times = [...this.runs.keys()]
    return times.length === 0
      ? undefined
      : { first: new Date(Math.min(...times)), latest: new Date(Math.max(...times)) }
  }

  async skip(dueAt: Date): Promise<void> {
    this.runs.set(dueAt.getTime(), 'skipped')
  }

  /** `10:05=succeeded …`, in order of time. */
  toString(): string {
    return [...this.runs]
      .sort(([a], [b]) => a - b)
      .map(([time, state]) => `${new Date(time).toISOString().slice(11, 16)}=${state}`)
      .join(' ')
  }
}

async function schedule(
  history: History,
  given: {
    from: number
    minutes: number
    run?: (time: Date) => Promise<void>
    options?: Partial<SchedulerOptions>
  },
) {
  const stop = new AbortController()
  const ran: string[] = []
  const events: SchedulerEvent[] = []
  await runSchedule(
    {
      schedule: cronSchedule('*/5 * * * *'),
      history,
      catchUp: 3,
      maxActiveRuns: 1,
      attempts: 2,
      backoff: () => 1000,
      clock: new VirtualClock(given.from, given.minutes, stop),
      onEvent: (event) => events.push(event),
      run: async (time) => {
        ran.push(time.toISOString().slice(11, 16))
        history.runs.set(time.getTime(), 'running')
        try {
          await given.run?.(time)
        } catch (error) {
          history.runs.set(time.getTime(), 'failed')
          throw error
        }
        history.runs.set(time.getTime(), 'succeeded')
      },
      ...given.options,
    },
    stop.signal,
  )
  return { ran, events }
}

describe('ingest schedule', () => {
  it('should begin with the interval that has just passed, and run each one once', async () => {
    const history = new History()
    const { ran } = await schedule(history, { from: START, minutes: 14 })
    expect(ran).to.deep.equal(['10:00', '10:05', '10:10', '10:15'])
    expect(String(history)).to.equal('10:00=succeeded 10:05=succeeded 10:10=succeeded 10:15=succeeded')
  })

  it('should make up for the latest missed intervals, oldest first, and note the others as skipped', async () => {
    const history = new History()
    await schedule(history, { from: START, minutes: 1 })
    const { ran, events } = await schedule(history, { from: START + 30 * MINUTE, minutes: 1 })
    expect(ran).to.deep.equal(['10:20', '10:25', '10:30'])
    expect(String(history)).to.include('10:05=skipped 10:10=skipped 10:15=skipped')
    expect(events.filter(({ kind }) => kind === 'skipped')).to.have.length(3)
  })

  it('should run again what a dead process left running', async () => {
    const history = new History()
    history.runs.set(Date.parse('2026-11-22T10:00:00Z'), 'running')
    expect((await schedule(history, { from: START, minutes: 1 })).ran).to.deep.equal(['10:00'])
  })

  it('should not lose the first of several that were begun side by side', async () => {
    const history = new History()
    history.runs.set(Date.parse('2026-11-22T09:45:00Z'), 'succeeded')
    history.runs.set(Date.parse('2026-11-22T10:00:00Z'), 'succeeded')
    const { ran } = await schedule(history, { from: START, minutes: 1, options: { catchUp: 2, maxActiveRuns: 4 } })
    expect(ran).to.deep.equal(['09:55'])
    expect(String(history)).to.include('09:50=skipped')
  })

  it('should try again, leave as failed, and catch up when it works again', async () => {
    const history = new History()
    const broken = async (time: Date) => {
      if (time.getTime() < Date.parse('2026-11-22T10:10:00Z') && failing) throw new Error('429')
    }
    let failing = true
    const first = await schedule(history, { from: START, minutes: 4, run: broken })
    expect(first.ran).to.deep.equal(
      ['10:00', '10:00', '10:00', '10:00', '10:05', '10:05'].slice(0, first.ran.length),
    )
    expect(String(history)).to.equal('10:00=failed 10:05=failed')
    expect(first.events.map(({ kind }) => kind)).to.include.members(['retrying', 'failed'])
    failing = false
    await schedule(history, { from: START + 10 * MINUTE, minutes: 1, run: broken })
    expect(String(history)).to.equal('10:00=succeeded 10:05=succeeded 10:10=succeeded')
  })

  it('should keep to the number of active runs', async () => {
    const history = new History()
    await schedule(history, { from: START, minutes: 1 })
    let active = 0
    let most = 0
    await schedule(history, {
      from: START + 60 * MINUTE,
      minutes: 1,
      options: { catchUp: 12, maxActiveRuns: 3 },
      run: async () => {
        most = Math.max(most, ++active)
        await new Promise(setImmediate)
        active--
      },
    })
    expect(most).to.equal(3)
    expect([...history.runs.values()].every((state) => state === 'succeeded')).to.equal(true)
  })
})

describe('cron schedule', () => {
  it('should know the interval before and after a time', () => {
    const cron = cronSchedule('*/5 * * * *')
    const time = new Date('2026-11-22T10:05:00Z')
    expect(cron.last(time)).to.deep.equal(time)
    expect(cron.last(new Date(time.getTime() - 1))).to.deep.equal(new Date('2026-11-22T10:00:00Z'))
    expect(cron.next(time)).to.deep.equal(new Date('2026-11-22T10:10:00Z'))
  })

  it('should keep to its time zone when clocks change', () => {
    const cron = cronSchedule('30 2 * * *', 'Europe/Oslo')
    expect(cron.next(new Date('2026-10-24T12:00:00Z'))).to.deep.equal(new Date('2026-10-25T00:30:00Z'))
    expect(cron.next(new Date('2026-10-25T00:30:00Z'))).to.deep.equal(new Date('2026-10-26T01:30:00Z'))
  })

  it('should refuse what is no schedule or no time zone', () => {
    expect(() => cronSchedule('soon')).to.throw('INGEST_SCHEDULE "soon"')
    expect(() => cronSchedule('* * * * *', 'Mars/Olympus')).to.throw('Mars/Olympus')
  })

  it('should list the intervals of a range, its end left out', () => {
    const times = intervalsOf(
      cronSchedule('0 * * * *'),
      new Date('2026-11-22T00:00:00Z'),
      new Date('2026-11-22T03:00:00Z'),
    )
    expect(times.map((time) => time.toISOString().slice(11, 16))).to.deep.equal(['00:00', '01:00', '02:00'])
  })
})
