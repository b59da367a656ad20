import { expect } from 'chai'
import { recapture } from '../../../connectors/postgres/capture/resources.ts'
import { CaptureProcess } from '../../connectors/postgres/capture/capture-process.ts'
import { CaptureStage } from '../../connectors/postgres/capture/capture-stage.ts'
import { until } from '../../support/until.ts'
import { CLEAN, type Verdict } from '../support/judge.ts'
import { PeakMemory } from '../support/peak-memory.ts'
import { report } from '../support/report.ts'
import { rowRecords } from '../support/row-records.ts'
import { CapturedTable } from './captured-table.ts'

export interface Loss {
  readonly row: number
  readonly fault: string
  /** Default: the server of all specs. */
  readonly databaseUrl?: () => string
  /** What happens to the slot, while no capture runs. */
  readonly befall: (stage: CaptureStage) => Promise<void>
  /** What the refusal says. */
  readonly says: RegExp
}

/** Half of the rows are captured; the other half is written and not seen, then the slot is lost. */
export function refusedUntilRecaptured({ row, fault, databaseUrl, befall, says }: Loss): void {
  const memory = new PeakMemory()
  const started: CaptureProcess[] = []
  let stage: CaptureStage
  let table: CapturedTable
  let refused: CaptureProcess
  let how: string
  let captured: number
  let afterRefusal: number
  let verdict: Verdict

  before(async () => {
    stage = await CaptureStage.open(databaseUrl?.())
    await stage.apply()
    table = new CapturedTable(stage)
    const first = start()
    await Promise.all([table.fill(rowRecords() / 2), capturedOf(rowRecords() / 2)])
    await first.kill('SIGTERM')
    captured = await table.delivered()
    await table.fill(rowRecords())
    await befall(stage)

    refused = start()
    how = await refused.ended
    // What apply does must not paper over it.
    await stage.apply()
    await start().ended
    afterRefusal = await table.delivered()

    await recapture(stage.database, stage.spec)
    const since = performance.now()
    const last = start()
    await until('it goes on', async () => (await table.delivered()) > afterRefusal)
    const recoverySeconds = (performance.now() - since) / 1000
    await table.insert(1)
    await capturedOf(captured + rowRecords() + 1)
    await last.kill('SIGTERM')
    verdict = await table.judged()
    report({
      ...{ row, fault, recoverySeconds, records: rowRecords(), kills: 0 },
      ...{ lost: verdict.lost.length, duplicated: verdict.duplicated.length, peakMemory: memory.bytes },
    })
  })

  after(async () => {
    await Promise.all(started.map((capture) => capture.kill()))
    await stage?.close()
  })

  function start(): CaptureProcess {
    const capture = new CaptureProcess(stage.childOptions())
    memory.watch(capture.pid)
    started.push(capture)
    return capture
  }

  const capturedOf = (records: number) =>
    until(`${records} captured`, async () => (await table.delivered()) >= records)

  it('should refuse, naming the loss and the cure', () => {
    expect(how).to.equal('1')
    expect(refused.failed?.code).to.equal('DATA_LOSS')
    expect(refused.failed?.message).to.match(says).and.include('millrace apply --recapture users')
  })

  it('should have sent nothing, nor have gone on after apply', () => {
    expect(captured).to.equal(rowRecords() / 2)
    expect(afterRefusal).to.equal(captured)
  })

  it('should hold every row after it was captured anew', () => {
    expect({ ...verdict, duplicated: [] }).to.deep.equal(CLEAN)
  })

  it('should have sent again what was there, and nothing more', () => {
    expect(verdict.duplicated).to.have.length(captured)
  })
}
