import { expect } from 'chai'
import { until } from '../support/until.ts'
import { CassandraStage } from './cassandra/cassandra-stage.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'

const LATE_MS = 2000

describe('fault row 7: a Cassandra node that answers two seconds late', function () {
  this.timeout(600_000)
  const stage = new CassandraStage()
  let members: string[]
  let slowly: number
  let slowSeconds: number

  before(async () => {
    await stage.open()
    await stage.send(1000)
    await until('the first rows are committed', async () => (await stage.committed()) > 0)
    members = await stage.members()
    stage.proxy.delayReplies(LATE_MS)
    const [since, before] = [Date.now(), await stage.committed()]
    await stage.send(rowRecords() - 1000)
    // Several rounds of writes, of which no more than 128 wait for an answer at a time.
    await until('work goes on slowly', async () => (await stage.committed()) >= before + 500)
    slowly = (await stage.committed()) - before
    slowSeconds = (Date.now() - since) / 1000
    stage.proxy.delayReplies(0)
    await stage.worked()
  })
  after(() => stage.close())

  it('should go on meanwhile, as slowly as the node', () => {
    expect(slowly).to.be.at.least(500)
    expect(slowSeconds).to.be.above((500 / 128) * (LATE_MS / 1000))
    expect(slowly).to.be.below(stage.sent)
  })

  it('should have kept its place in the group, and made no dead letter', async () => {
    expect(members).to.have.length(1)
    expect(await stage.members()).to.deep.equal(members)
    expect(stage.assignments).to.equal(1)
    expect(await stage.deadLetters()).to.equal(0)
  })

  it('should have written every row, once, under the clock of its record', async () => {
    const { lost, wrong } = await stage.judged()
    report({
      ...{ row: 7, fault: `a node ${LATE_MS / 1000} s late, for ${slowSeconds.toFixed(0)} s`, kills: 0 },
      ...{ records: stage.sent, lost, duplicated: 0, recoverySeconds: null, peakMemory: stage.memory.bytes },
    })
    expect({ lost, wrong }).to.deep.equal({ lost: 0, wrong: 0 })
  })
})
