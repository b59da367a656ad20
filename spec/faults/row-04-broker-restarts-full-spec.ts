import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { END_TXN } from '../support/kafka-proxy.ts'
import { residentBytes } from '../support/process-memory.ts'
import { ProxiedKafka } from '../support/proxied-kafka.ts'
import { until } from '../support/until.ts'
import { CopyStage } from './copy/copy-stage.ts'
import { PARTITIONS } from './copy/workload.ts'
import { CLEAN, type Verdict } from './support/judge.ts'
import { rowRecords } from './support/row-records.ts'
import type { RowWorker } from './support/row-worker.ts'

const SESSION_MS = 6000
const ENDINGS = [
  { how: 'clean', seconds: 5 },
  { how: 'kill -9', seconds: 5 },
  { how: 'clean', seconds: 60 },
  { how: 'kill -9', seconds: 60 },
] as const
const GROWTH_BYTES = 32 * 2 ** 20

describe('fault row 4: a broker stops and comes back', function () {
  this.timeout(900_000)
  const kafka = new ProxiedKafka()
  const recoveries: number[] = []
  /** Bytes that the worker has gained while the broker was away, each time. */
  const growths: number[] = []
  let stage: CopyStage
  let worker: RowWorker
  let verdict: Verdict

  before(async () => {
    await kafka.start(SESSION_MS)
    stage = await CopyStage.open(kafka.address, SESSION_MS)
    worker = stage.worker({ batch: 100 })
    for (const ending of ENDINGS) await away(ending)
    verdict = await stage.concluded(worker, {
      row: 4,
      fault: `the broker away: ${ENDINGS.map(({ how, seconds }) => `${how} ${seconds} s`).join(', ')}`,
      kills: ENDINGS.length,
      recoverySeconds: Math.max(...recoveries),
    })
  })
  after(async () => {
    await stage?.clear()
    await kafka.clear()
  })

  async function away({ how, seconds }: (typeof ENDINGS)[number]): Promise<void> {
    const before = await stage.committed()
    await stage.write(rowRecords() / ENDINGS.length / 2)
    await until('work goes on', async () => (await stage.committed()) > before)
    // All of them in a transaction, and none in a commit: a Kafka 4.3.1 that is alone forgets that at its next start.
    await transactionsOpen()
    await (how === 'clean' ? kafka.stop() : kafka.kill())
    const resident = residentBytes(worker.pid)
    await delay(seconds * 1000)
    growths.push(residentBytes(worker.pid) - resident)
    const covered = stage.written
    await kafka.restart()
    const up = performance.now()
    await until('the rest is committed', async () => (await stage.committed()) === covered)
    recoveries.push((performance.now() - up) / 1000)
    await stage.write(rowRecords() / ENDINGS.length / 2)
    await until('all is committed', () => stage.isCommitted())
  }

  /** Each task of the worker waits for its commit. */
  async function transactionsOpen(): Promise<void> {
    await until('all is committed', () => stage.isCommitted())
    const held = Array.from({ length: PARTITIONS }, () => kafka.proxy.hold('request', END_TXN))
    await stage.write(100)
    await worker.unlessEnded(Promise.all(held))
  }

  it('should lose nothing, show nothing twice, and keep the order of each key', () => {
    expect(verdict).to.deep.equal(CLEAN)
  })

  it('should have gone on by itself within 30 seconds', () => {
    expect(Math.max(...recoveries)).to.be.below(30)
  })

  it('should not have grown while the broker was away', () => {
    expect(Math.max(...growths)).to.be.below(GROWTH_BYTES)
  })
})
