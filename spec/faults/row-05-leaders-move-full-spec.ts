import { expect } from 'chai'
import { KafkaTrio } from '../support/kafka-trio.ts'
import { until } from '../support/until.ts'
import { CopyStage } from './copy/copy-stage.ts'
import { CLEAN, type Verdict } from './support/judge.ts'
import { rowRecords } from './support/row-records.ts'
import type { RowWorker } from './support/row-worker.ts'

const SESSION_MS = 6000
/** Of which broker, and how: `clean` hands over what it leads. */
const MOVES = [
  { id: 1, how: 'clean' },
  { id: 2, how: 'clean' },
  { id: 3, how: 'clean' },
  { id: 1, how: 'kill -9' },
] as const

describe('fault row 5: leaders move, three brokers', function () {
  this.timeout(1_200_000)
  const kafka = new KafkaTrio()
  const recoveries: number[] = []
  /** Records that were not committed when the broker went, each time. */
  const inFlight: number[] = []
  let stage: CopyStage
  let worker: RowWorker
  let verdict: Verdict

  before(async () => {
    await kafka.start()
    stage = await CopyStage.open(kafka.address, SESSION_MS)
    worker = stage.worker({ batch: 20 })
    for (const move of MOVES) await moved(move)
    verdict = await stage.concluded(worker, {
      row: 5,
      fault: `leaders moved: ${MOVES.map(({ id, how }) => `broker ${id} ${how}`).join(', ')}`,
      kills: MOVES.length,
      recoverySeconds: Math.max(...recoveries),
    })
    expect(kafka.forgotten, 'commits that the brokers themselves have lost').to.equal(0)
  })
  after(async () => {
    await stage?.clear()
    await kafka.clear()
  })

  async function moved({ id, how }: (typeof MOVES)[number]): Promise<void> {
    const before = await stage.committed()
    await stage.write(rowRecords() / MOVES.length)
    await until('it is at work', async () => (await stage.committed()) > before)
    await (how === 'clean' ? kafka.stop(id) : kafka.kill(id))
    const gone = performance.now()
    const covered = await stage.committed()
    inFlight.push(stage.written - covered)
    await until('it goes on with two brokers', async () => (await stage.committed()) > covered)
    recoveries.push((performance.now() - gone) / 1000)
    await until('all is committed', () => stage.isCommitted())
    await kafka.restart(id)
    await kafka.whole()
  }

  it('should have hit work in flight each time', () => {
    for (const records of inFlight) expect(records).to.be.above(0)
  })

  it('should lose nothing, show nothing twice, and keep the order of each key', () => {
    expect(verdict).to.deep.equal(CLEAN)
  })

  it('should have gone on by itself within 30 seconds', () => {
    expect(Math.max(...recoveries)).to.be.below(30)
  })
})
