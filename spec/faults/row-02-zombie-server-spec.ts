import { expect } from 'chai'
import { END_TXN } from '../support/kafka-proxy.ts'
import { ProxiedKafka } from '../support/proxied-kafka.ts'
import { until } from '../support/until.ts'
import { CopyStage } from './copy/copy-stage.ts'
import { PARTITIONS } from './copy/workload.ts'
import { CLEAN, type Verdict } from './support/judge.ts'
import { isFull, rowRecords } from './support/row-records.ts'
import type { RowWorker } from './support/row-worker.ts'

const SESSION_MS = 4000

describe('fault row 2: a worker sleeps longer than its session, and wakes up', function () {
  this.timeout(1_200_000)
  const kafka = new ProxiedKafka()
  const times = isFull() ? 6 : 2
  const recoveries: number[] = []
  let stage: CopyStage
  let zombie: RowWorker
  let verdict: Verdict

  before(async () => {
    await kafka.start(SESSION_MS)
    stage = await CopyStage.open(kafka.address, SESSION_MS)
    zombie = stage.worker()
    const third = Math.ceil(rowRecords() / times / 3)
    for (let i = 0; i < times; i++) {
      const held = kafka.proxy.hold('request', END_TXN)
      await stage.write(third)
      const commit = await zombie.unlessEnded(held)
      zombie.signal('SIGSTOP')
      const since = performance.now()
      const heir = stage.worker()
      await stage.write(third)
      await until('the heir has committed all', () => stage.isCommitted())
      recoveries.push((performance.now() - since) / 1000)
      // What it had asked for comes as late as it can: its heir has done the same work.
      commit.pass()
      zombie.signal('SIGCONT')
      await zombie.until(() => zombie.assigned === PARTITIONS / 2)
      await stage.write(third)
      await until('both have committed all', () => stage.isCommitted())
      heir.stop()
      expect(await heir.ended).to.equal('0')
      await zombie.until(() => zombie.assigned === PARTITIONS)
    }
    verdict = await stage.concluded(zombie, {
      row: 2,
      fault: 'SIGSTOP beyond the session with a commit under way, then SIGCONT',
      kills: times,
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

  it('should have gone on in its heir within the session and ten seconds', () => {
    expect(Math.max(...recoveries)).to.be.below(SESSION_MS / 1000 + 10)
  })
})
