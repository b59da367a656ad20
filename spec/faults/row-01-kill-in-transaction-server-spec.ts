import { expect } from 'chai'
import { ADD_OFFSETS_TO_TXN, END_TXN } from '../support/kafka-proxy.ts'
import { ProxiedKafka } from '../support/proxied-kafka.ts'
import { until } from '../support/until.ts'
import { CopyStage } from './copy/copy-stage.ts'
import { CLEAN, type Verdict } from './support/judge.ts'
import { isFull, rowRecords } from './support/row-records.ts'

const SESSION_MS = 4000
/** What a worker waits for, with a transaction open, when it is killed. */
const POINTS = [
  ['behind its records, before its positions', 'request', ADD_OFFSETS_TO_TXN],
  ['behind its positions, before the commit', 'request', END_TXN],
  ['in the commit', 'answer', END_TXN],
] as const

describe('fault row 1: kill -9 of a worker in the middle of a transaction', function () {
  this.timeout(1_200_000)
  const kafka = new ProxiedKafka()
  const kills = POINTS.length * (isFull() ? 10 : 1)
  const recoveries: number[] = []
  let stage: CopyStage
  let verdict: Verdict

  before(async () => {
    await kafka.start(SESSION_MS)
    stage = await CopyStage.open(kafka.address, SESSION_MS)
    let worker = stage.worker()
    const half = Math.ceil(rowRecords() / kills / 2)
    for (let i = 0; i < kills; i++) {
      const [, what, key] = POINTS[i % POINTS.length]!
      const held = kafka.proxy.hold(what, key)
      await stage.write(half)
      const inFlight = await worker.unlessEnded(held)
      worker.signal('SIGKILL')
      const since = performance.now()
      expect(await worker.ended).to.equal('SIGKILL')
      inFlight.cut()
      worker = stage.worker()
      await stage.write(half)
      await until('all is committed', () => stage.isCommitted())
      recoveries.push((performance.now() - since) / 1000)
    }
    verdict = await stage.concluded(worker, {
      row: 1,
      fault: `kill -9 of a worker with a transaction open: ${POINTS.map(([point]) => point).join('; ')}`,
      kills,
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

  it('should have gone on in its successor within the session and ten seconds', () => {
    expect(Math.max(...recoveries)).to.be.below(SESSION_MS / 1000 + 10)
  })
})
