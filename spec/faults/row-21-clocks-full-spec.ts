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
  PARTITIONS,
  recounted,
  SIZE,
} from './time/counted-stage.ts'

const HOUR = 3_600_000
const USERS = 30
const FUTURE = 50

describe('fault row 21: clocks that are wrong or jump; records of the future', function () {
  this.timeout(600_000)
  const seed = Number(process.env.MILLRACE_SPEC_SEED ?? randomInt(2 ** 31))
  const random = seededRandom(seed)
  /** At the start of a window. */
  const begin = Date.now() - (Date.now() % SIZE) - 24 * HOUR
  let stage: CountedStage
  let n = 0
  let parts = 0
  /** How far the worker's clock is wrong. */
  let skew = HOUR
  /** How often it jumped while more was to be read. */
  let midway = 0
  const counted: Counted[] = []
  const future: Counted[] = []

  const user = () => `user-${Math.floor(random() * USERS)}`

  /** In any order, and within grace of each other: who reads one partition sooner than another makes nothing late. */
  function part(records: number): Counted[] {
    const start = begin + 2 * SIZE * parts++
    const part = Array.from({ length: records }, (): Counted => {
      const timestamp = start + Math.floor(random() * (GRACE - 1))
      return { n, user: user(), partition: n++ % PARTITIONS, timestamp }
    })
    counted.push(...part)
    return part
  }

  before(async () => {
    console.log(`      seed ${seed} (MILLRACE_SPEC_SEED)`)
    stage = await CountedStage.open(servers().kafkaBrokers, '2s')
  })
  after(() => stage?.close())

  /** Writes, and has the clock jump as soon as something of it has been read. */
  async function jump(worker: Worker, to: number, records: readonly Counted[]): Promise<void> {
    const read = () => worker.counters.get('input', 'records')
    const before = read()
    const writing = stage.write(records)
    await until('records are under way', () => read() > before)
    skew = to
    if (read() < n) midway++
    await writing
    await until('all is read', () => read() >= n)
  }

  it('should count by the times of records, whatever the clock of the worker says', async () => {
    const quarter = Math.ceil(rowRecords() / 4)
    const worker = await stage.worker(() => Date.now() + skew)
    try {
      await jump(worker, -HOUR, part(quarter))
      await jump(worker, HOUR, part(quarter))
      await jump(worker, 0, part(quarter))
      // Kafka itself takes none of more than an hour.
      future.push(
        ...Array.from({ length: FUTURE }, (_, index): Counted => {
          return { n: n++, user: user(), partition: index % PARTITIONS, timestamp: Date.now() + HOUR / 2 }
        }),
      )
      await stage.write(future)
      await stage.settled(worker)
      await jump(worker, -HOUR, part(quarter))
      await stage.settled(worker)
    } finally {
      await worker.stop()
    }
    const { lost, duplicated } = differenceOf(recounted(counted), finalOf(await stage.counts()))
    report({
      row: 21,
      fault: `the clock one hour ahead, behind, ahead, right and behind; ${FUTURE} records of the future`,
      records: counted.length + future.length,
      kills: 0,
      lost,
      duplicated,
      recoverySeconds: null,
      peakMemory: null,
    })
    expect(midway).to.be.above(0)
    expect({ lost, duplicated }).to.deep.equal({ lost: 0, duplicated: 0 })
  })

  it('should make dead letters of records of the future, and go on in its own time', async () => {
    const letters = await stage.read('dead')
    const reasons = new Set(letters.map(({ headers }) => headers.get('millrace.dlq.reason')))
    expect(letters.map(({ key }) => Number(key)).sort((a, b) => a - b)).to.deep.equal(
      future.map((one) => one.n),
    )
    expect([...reasons].join()).to.match(/ahead of the clock/)
    expect(await stage.late()).to.deep.equal([])
  })
})
