import { randomInt } from 'node:crypto'
import { expect } from 'chai'
import type { Worker } from '../../lib/index.ts'
import { seededRandom } from '../../lib/testing/random.ts'
import { servers } from '../support/servers.ts'
import { until } from '../support/until.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'
import {
  type Counted,
  CountedStage,
  differenceOf,
  finalOf,
  GRACE,
  recounted,
  SIZE,
  windowOf,
} from './time/counted-stage.ts'

/** A whole number of windows. */
const BEGIN = 1_700_000_000_000
const USERS = 30
/** Each partition is ahead of the one before it by so much; the last gets nothing. Milliseconds. */
const SKEW = 40_000
const BUSY = 3
const LATE = 100

describe('fault row 24: records out of order, late, skewed; an idle partition', function () {
  this.timeout(600_000)
  const seed = Number(process.env.MILLRACE_SPEC_SEED ?? randomInt(2 ** 31))
  const random = seededRandom(seed)
  let stage: CountedStage
  let worker: Worker
  let n = 0
  const inTime: Counted[] = []
  const tooLate: Counted[] = []

  const user = () => `user-${Math.floor(random() * USERS)}`

  /** Of each partition in its own time, out of order by less than the grace. */
  function shuffled(records: number): Counted[] {
    return Array.from({ length: records }, (_, index): Counted => {
      const partition = index % BUSY
      const jitter = Math.floor(random() * GRACE)
      return {
        n: n++,
        user: user(),
        partition,
        timestamp: BEGIN + SKEW * partition + index * 12 + GRACE - jitter,
      }
    })
  }

  before(async () => {
    console.log(`      seed ${seed} (MILLRACE_SPEC_SEED)`)
    stage = await CountedStage.open(servers().kafkaBrokers, '2s')
    inTime.push(...shuffled(rowRecords()))
    // A catch-up: the worker reads one partition sooner than another, by chance.
    await stage.write(inTime)
    worker = await stage.worker()
    await stage.settled(worker)
  })
  after(async () => {
    await worker?.stop()
    await stage?.close()
  })

  it('should count all that is within grace in its own partition, however far the partitions are apart', async () => {
    expect(differenceOf(recounted(inTime), finalOf(await stage.counts()))).to.deep.equal({
      lost: 0,
      duplicated: 0,
    })
    expect(await stage.late()).to.deep.equal([])
  })

  it('should leave out and tell what comes behind grace, with how late it is', async () => {
    tooLate.push(
      ...Array.from({ length: LATE }, (_, index): Counted => {
        return { n: n++, user: user(), partition: index % BUSY, timestamp: BEGIN + index }
      }),
    )
    await stage.write(tooLate)
    await stage.settled(worker)
    const late = await stage.late()
    expect(late.map((one) => one.n).sort((a, b) => a - b)).to.deep.equal(tooLate.map((one) => one.n))
    expect(late.map(({ start }) => start)).to.deep.equal(late.map(() => BEGIN))
    expect(Math.min(...late.map(({ lateBy }) => lateBy))).to.be.above(SIZE + GRACE)
    expect(worker.counters.get('counts', 'late')).to.equal(LATE)
    expect(finalOf(await stage.counts())).to.deep.equal(recounted(inTime))
  })

  it('should not be held up by partitions that get nothing more', async () => {
    const closed = new Set<string>()
    let timestamp = Math.max(...inTime.map((record) => record.timestamp)) + SIZE
    const written = () => worker.counters.get('out', 'written')
    const before = written()
    // The partition is never silent for as long as windows wait: what comes, time has closed.
    await until('windows are shown', async () => {
      // One partition alone, all users: to every task behind it comes something.
      const records = Array.from({ length: USERS }, (_, index): Counted => {
        return { n: n++, user: `user-${index}`, partition: 0, timestamp }
      })
      closed.add(windowOf('user-0', timestamp))
      inTime.push(...records)
      await stage.write(records)
      timestamp += SIZE
      return written() > before
    })
    await stage.settled(worker)
    const shown = await stage.counts()
    const reasons = [...closed].flatMap((name) => shown.get(name) ?? []).map(({ reason }) => reason)
    expect(reasons).to.include('time')
    const counts = finalOf(shown)
    const { lost, duplicated } = differenceOf(recounted(inTime), counts)
    const late = (await stage.late()).length
    report({
      row: 24,
      fault: `out of order within grace, ${LATE} behind it, partitions ${SKEW / 1000} s apart, one idle`,
      records: inTime.length + tooLate.length,
      kills: 0,
      lost: lost + LATE - late,
      duplicated,
      recoverySeconds: null,
      peakMemory: null,
    })
    expect({ lost, duplicated, late }).to.deep.equal({ lost: 0, duplicated: 0, late: LATE })
  })
})
