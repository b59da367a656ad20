import { expect } from 'chai'
import { END_TXN } from '../support/kafka-proxy.ts'
import { ProxiedKafka } from '../support/proxied-kafka.ts'
import { until } from '../support/until.ts'
import { CopyStage } from './copy/copy-stage.ts'
import { CLEAN, type Verdict } from './support/judge.ts'
import { isFull, rowRecords } from './support/row-records.ts'
import type { RowWorker } from './support/row-worker.ts'

const SESSION_MS = 4000

describe('fault row 6: the outcome of a commit is unknown', function () {
  this.timeout(300_000)
  const kafka = new ProxiedKafka()
  const cuts = isFull() ? 20 : 10
  const recoveries: number[] = []
  let stage: CopyStage
  let worker: RowWorker
  let verdict: Verdict

  before(async () => {
    await kafka.start(SESSION_MS)
    stage = await CopyStage.open(kafka.address, SESSION_MS)
    worker = stage.worker()
    for (let i = 0; i < cuts; i++) {
      const held = kafka.proxy.hold(i % 2 === 0 ? 'answer' : 'request', END_TXN)
      await stage.write(rowRecords() / (2 * cuts))
      const inDoubt = await worker.unlessEnded(held)
      inDoubt.cut()
      const since = performance.now()
      await stage.write(rowRecords() / (2 * cuts))
      await until('all is committed', () => stage.isCommitted())
      recoveries.push((performance.now() - since) / 1000)
    }
    verdict = await stage.concluded(worker, {
      row: 6,
      fault: 'the answer to a commit, or the commit itself, was lost with the connection',
      kills: cuts,
      recoverySeconds: Math.max(...recoveries),
    })
  })
  after(async () => {
    await stage?.clear()
    await kafka.clear()
  })

  it('should lose nothing, show nothing twice, and keep the order of each key', () => {
    expect(verdict).to.deep.equal(CLEAN)
  })

  it('should have gone on by itself within ten seconds', () => {
    expect(Math.max(...recoveries)).to.be.below(10)
  })
})
