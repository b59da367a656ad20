import { expect } from 'chai'
import { cronSchedule } from '../../connectors/schedule/cron.ts'
import { MillraceError } from '../../lib/errors.ts'
import {
  type Clock,
  type IntervalHistory,
  type IntervalState,
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
    return new Map([...this.runs].filter(([time, state]) => time >= since.getTime() || state === 'running'))
  }

  async range() {
    const times = [...this.runs.keys()]
    return times.length === 0
      ? undefined
      : { first: new Date(Math.min(...times)), latest: new Date(Math.max(...times)) }
  }

  async skip(times: readonly Date[]): Promise<void> {
    for (const time of times) this.runs.set(time.getTime(), 'skipped')
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
        return true
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
    expect(events.filter(({ kind }) => kind === 'skipped')).to.have.length(1)
  })

  it('should run no interval twice, and lose none, when the clock jumps back an hour and ahead again', async () => {
    const history = new History()
    await schedule(history, { from: START, minutes: 14 })
    const back = await schedule(history, { from: START - 60 * MINUTE, minutes: 85 })
    expect(back.ran).to.deep.equal(['10:20', '10:25'])
    const ahead = await schedule(history, { from: START + 90 * MINUTE, minutes: 1, options: { catchUp: 99 } })
    expect(ahead.ran).to.have.length(13)
    expect([ahead.ran.at(0), ahead.ran.at(-1)]).to.deep.equal(['10:30', '11:30'])
    expect(String(history)).to.match(/^(\d\d:\d\d=succeeded ?){19}$/)
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
    const { ran } = await schedule(history, {
      from: START,
      minutes: 1,
      options: { catchUp: 2, maxActiveRuns: 4 },
    })
    expect(ran).to.deep.equal(['09:55'])
    expect(String(history)).to.include('09:50=skipped')
  })

  it('should try again, leave as failed, try once more at each wake-up, and catch up when it works again', async () => {
    const history = new History()
    let failing = true
    const run = async () => {
      if (failing) throw new MillraceError('UNREACHABLE', 'HTTP 503')
    }
    const first = await schedule(history, { from: START, minutes: 9, run })
    expect(first.ran).to.deep.equal([
      '10:00',
      '10:00',
      '10:00',
      '10:05',
      '10:05',
      '10:00',
      '10:05',
      '10:10',
      '10:10',
    ])
    expect(first.events.map(({ kind }) => kind).slice(0, 3)).to.deep.equal(['retrying', 'failed', 'waiting'])
    expect(String(history)).to.equal('10:00=failed 10:05=failed 10:10=failed')
    failing = false
    await schedule(history, { from: START + 9 * MINUTE, minutes: 1, run })
    expect(String(history)).to.equal('10:00=succeeded 10:05=succeeded 10:10=succeeded')
  })

  it('should not retry what no retry can help, nor end for it', async () => {
    const history = new History()
    const run = async () => {
      throw new MillraceError('CONFIG', 'HTTP 404')
    }
    const { ran } = await schedule(history, { from: START, minutes: 4, run, options: { attempts: 5 } })
    expect(ran).to.deep.equal(['10:00', '10:00', '10:05'])
  })

  it('should leave an interval that the signal stopped to the next start', async () => {
    const history = new History()
    const { ran, events } = await schedule(history, {
      from: START,
      minutes: 4,
      options: { run: async () => false },
    })
    expect(ran).to.deep.equal([])
    expect(events.filter(({ kind }) => kind !== 'waiting')).to.deep.equal([])
  })

  it('should finish what it had begun before the catch-up limit', async () => {
    const history = new History()
    await schedule(history, { from: START, minutes: 1 })
    history.runs.set(Date.parse('2026-11-22T10:00:00Z'), 'running')
    const { ran } = await schedule(history, { from: START + 60 * MINUTE, minutes: 1 })
    expect(ran).to.deep.equal(['10:00', '10:50', '10:55', '11:00'])
    expect(String(history)).to.include('10:00=succeeded 10:05=skipped')
  })

  it('should note at most 10,000 intervals as skipped after years', async () => {
    const history = new History()
    history.runs.set(Date.parse('2025-11-22T10:00:00Z'), 'succeeded')
    const { events } = await schedule(history, { from: START, minutes: 1 })
    const skipped = events.flatMap((event) => (event.kind === 'skipped' ? event.times : []))
    expect(skipped).to.have.length(10_000)
    expect(skipped.at(-1)).to.deep.equal(new Date('2026-11-22T09:45:00Z'))
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
