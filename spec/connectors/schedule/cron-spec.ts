import { expect } from 'chai'
import { cronSchedule, type Schedule } from '../../../connectors/schedule/cron.ts'
import { intervalsOf } from '../../../topologies/ingest-schedule.ts'

const between = (schedule: Schedule, from: string, to: string) =>
  intervalsOf(schedule, new Date(from), new Date(to)).map((time) => time.toISOString().slice(5, 16))

describe('cron schedule', () => {
  it('should know the interval before and after a time, to the millisecond', () => {
    const cron = cronSchedule('*/5 * * * *')
    const time = Date.parse('2026-11-22T10:05:00Z')
    for (const [late, last, next] of [
      [-1, '10:00', '10:05'],
      [0, '10:05', '10:10'],
      [1, '10:05', '10:10'],
      [999, '10:05', '10:10'],
    ] as const) {
      const around = new Date(time + late)
      expect(cron.last(around)?.toISOString()).to.equal(`2026-11-22T${last}:00.000Z`)
      expect(cron.next(around)?.toISOString()).to.equal(`2026-11-22T${next}:00.000Z`)
    }
  })

  it('should list the intervals of a range, its end left out', () => {
    const hourly = cronSchedule('0 * * * *')
    expect(between(hourly, '2026-11-22T00:00:00Z', '2026-11-22T03:00:00Z')).to.deep.equal([
      '11-22T00:00',
      '11-22T01:00',
      '11-22T02:00',
    ])
    expect(between(hourly, '2026-11-22T00:00:00.001Z', '2026-11-22T01:00:00.001Z')).to.deep.equal([
      '11-22T01:00',
    ])
    expect(between(hourly, '2026-11-22T00:01:00Z', '2026-11-22T00:59:00Z')).to.deep.equal([])
  })

  it('should run a time of day once a day when clocks change, after the gap that skips it', () => {
    const daily = cronSchedule('30 2 * * *', 'Europe/Oslo')
    expect(between(daily, '2026-03-28T00:00:00Z', '2026-03-31T00:00:00Z')).to.deep.equal([
      '03-28T01:30',
      '03-29T01:00',
      '03-30T00:30',
    ])
    expect(between(daily, '2026-10-24T00:00:00Z', '2026-10-27T00:00:00Z')).to.deep.equal([
      '10-24T00:30',
      '10-25T00:30',
      '10-26T01:30',
    ])
  })

  it('should run every five minutes whatever the clocks do', () => {
    const cron = cronSchedule('*/5 * * * *', 'America/New_York')
    for (const day of ['2026-03-08', '2026-11-01']) {
      const times = intervalsOf(cron, new Date(`${day}T00:00:00Z`), new Date(`${day}T24:00:00Z`))
      expect(times).to.have.length(288)
    }
  })

  it('should see the same intervals forwards and backwards, where clocks change too', () => {
    const expressions = [
      '*/20 * * * *',
      '30 2 * * *',
      '15,45 1-3 * * *',
      '0 0 * * *',
      '0 9 * * 1-5',
      '0 30 1 * * *',
    ]
    const zones = ['UTC', 'Europe/Oslo', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu']
    const changes = ['2026-03-08', '2026-03-29', '2026-04-04', '2026-10-03', '2026-10-25', '2026-11-01']
    for (const zone of zones) {
      for (const expression of expressions) {
        const cron = cronSchedule(expression, zone)
        for (const day of changes) {
          const from = new Date(Date.parse(day) - 21_600_000)
          const to = new Date(Date.parse(day) + 64_800_000)
          const backwards: Date[] = []
          for (let time = cron.last(new Date(to.getTime() - 1)); time && time >= from; ) {
            backwards.unshift(time)
            time = cron.last(new Date(time.getTime() - 1))
          }
          expect(intervalsOf(cron, from, to), `${expression} ${zone} ${day}`).to.deep.equal(backwards)
        }
      }
    }
  })

  it('should refuse what is no schedule, no time zone, or never due', () => {
    for (const expression of ['soon', '', '* * * *', '61 * * * *', '0 0 31 2 *', '2020-01-01T00:00:00']) {
      expect(() => cronSchedule(expression), expression).to.throw(`INGEST_SCHEDULE "${expression}"`)
    }
    expect(() => cronSchedule('0 0 31 2 *')).to.throw('never due')
    expect(() => cronSchedule('* * * * *', 'Mars/Olympus')).to.throw('INGEST_TIMEZONE "Mars/Olympus"')
  })
})
