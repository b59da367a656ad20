import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import type { Broker } from '../../lib/broker/broker.ts'
import { uniqueName } from '../conformance/broker-harness.ts'
import { servers } from '../support/servers.ts'
import { judgedCounts } from './stateful/judged-counts.ts'
import { Stage } from './stateful/stage.ts'
import { CLEAN, type Verdict } from './support/judge.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'
import type { RowWorker } from './support/row-worker.ts'

/** Of the counts written, when the disk is full. */
const SHARES = [0.2, 0.5, 0.8]
const seed = Number(process.env.MILLRACE_SPEC_SEED ?? randomInt(2 ** 31))

describe('fault row 19: the disk of the local state is full', () => {
  const records = rowRecords() / 4
  const stops: { how: string; code: string | undefined; message: string | undefined }[] = []
  let [restored, whole] = [0, 0]
  const recoveries: number[] = []
  let broker: Broker
  let stage: Stage
  let verdict: Verdict

  before(async () => {
    console.log(`      seed ${seed} (MILLRACE_SPEC_SEED)`)
    broker = kafkaBroker({ brokers: servers().kafkaBrokers.split(',') })
    stage = new Stage(broker, { kafka: servers().kafkaBrokers }, uniqueName('full-disk'), seed, records)
    await stage.prepare()
    await stage.write()
    let written = 0
    for (const share of SHARES) {
      const since = performance.now()
      const worker = stage.worker('state', { batch: 100 })
      await worker.until(() => written + worker.written('counts') >= share * records)
      if (stops.length > 0) recoveries.push((performance.now() - since) / 1000)
      fill(worker)
      await noted(worker)
      written += worker.written('counts')
    }
    // There is still no room when it is started again.
    const still = stage.worker('state')
    allowFileBytes(still.pid, '0')
    await noted(still)

    const last = stage.worker('state')
    expect(await last.ended).to.equal('0')
    restored = last.restored
    const elsewhere = stage.worker('elsewhere', { untilCaughtUp: false })
    await elsewhere.until(() => elsewhere.assigned > 0)
    elsewhere.stop()
    expect(await elsewhere.ended).to.equal('0')
    whole = elsewhere.restored
    verdict = await judgedCounts(stage)
    report({
      ...{ row: 19, fault: 'the disk of the local state full', records: records * 4, kills: stops.length },
      ...{ lost: verdict.lost.length, duplicated: verdict.duplicated.length },
      ...{ recoverySeconds: Math.max(...recoveries), peakMemory: stage.memory.bytes },
    })
  })

  after(async () => {
    await stage?.clear()
    await broker?.close()
  })

  async function noted(worker: RowWorker): Promise<void> {
    const how = await worker.ended
    stops.push({ how, code: worker.failed?.code, message: worker.failed?.message })
  }

  /** In the middle of the next save of whichever task comes first. */
  function fill({ pid }: RowWorker): void {
    const files = readdirSync(stage.stateOf('state'), { recursive: true, encoding: 'utf8' })
    const logs = files.filter((name) => name.endsWith('.log'))
    const sizes = logs.map((name) => statSync(join(stage.stateOf('state'), name)).size)
    allowFileBytes(pid, String(Math.max(...sizes) + 1_000))
  }

  it('should stop by itself, saying that the disk is full, also at a start', () => {
    expect(stops).to.have.length(SHARES.length + 1)
    for (const { how, message } of stops) {
      expect(how).to.equal('1')
      expect(message).to.include('the disk is full')
    }
  })

  it('should have gone on from what was saved last, not from the beginning of the changelogs', () => {
    expect(whole).to.be.above(records)
    expect(restored).to.be.below(whole / 3)
  })

  it('should have lost no count', () => {
    expect({ ...verdict, duplicated: [] }).to.deep.equal(CLEAN)
  })
})

/** A limit on the size of a process's files stands in for the disk: the same calls fail in the same places. */
function allowFileBytes(pid: number, bytes: string): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`])
}
