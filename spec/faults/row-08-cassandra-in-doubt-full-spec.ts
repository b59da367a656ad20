import { expect } from 'chai'
import { until } from '../support/until.ts'
import { CassandraStage } from './cassandra/cassandra-stage.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'

describe('fault row 8: Cassandra writes that time out, and are done', function () {
  this.timeout(600_000)
  const stage = new CassandraStage()
  let inDoubt: number
  let members: string[]
  let recoverySeconds: number

  before(async () => {
    await stage.open()
    await stage.send(1000)
    await until('the first rows are committed', async () => (await stage.committed()) > 0)
    members = await stage.members()
    const sending = stage.send(rowRecords() - 1000)
    const before = await stage.committed()
    await until('it is in the middle of it', async () => (await stage.committed()) > before)
    stage.proxy.loseReplies()
    await sending
    // The driver has waited for its answers in vain, and the same writes have been sent again.
    await stage.worker.printed(/does not take writes/)
    inDoubt = (await stage.rows()).length - (await stage.committed())
    stage.proxy.cut()
    const [since, committed] = [Date.now(), await stage.committed()]
    await until('work goes on', async () => (await stage.committed()) > committed)
    recoverySeconds = (Date.now() - since) / 1000
    await stage.worked()
  })
  after(() => stage.close())

  it('should have had writes that were done and not acknowledged', () => {
    expect(inDoubt).to.be.above(0)
  })

  it('should have kept its place in the group, and made no dead letter', async () => {
    expect(await stage.members()).to.deep.equal(members)
    expect(stage.assignments).to.equal(1)
    expect(await stage.deadLetters()).to.equal(0)
  })

  it('should have every row as if it had been written once, under the clock of its record', async () => {
    const { lost, wrong } = await stage.judged()
    report({
      ...{ row: 8, fault: `${inDoubt} writes done and not acknowledged`, records: stage.sent, kills: 1 },
      ...{ lost, duplicated: wrong, recoverySeconds, peakMemory: stage.memory.bytes },
    })
    expect({ lost, wrong }).to.deep.equal({ lost: 0, wrong: 0 })
  })
})
