import { expect } from 'chai'
import pg from 'pg'
import { CaptureProcess } from '../connectors/postgres/capture/capture-process.ts'
import { CaptureStage } from '../connectors/postgres/capture/capture-stage.ts'
import { createSpecDatabase, type SpecDatabase } from '../support/spec-database.ts'
import { until } from '../support/until.ts'
import { CapturedTable } from './capture/captured-table.ts'
import { CLEAN, type Verdict } from './support/judge.ts'
import { PeakMemory } from './support/peak-memory.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'

const BUSY_BYTES = 100_000_000
const SEGMENT = 16 * 2 ** 20
const ROW_BYTES = BUSY_BYTES / 20_000

describe('fault row 12: an idle captured table beside a busy database', () => {
  const memory = new PeakMemory()
  let retained = 0
  let letGo = 0
  let stage: CaptureStage
  let table: CapturedTable
  let neighbour: SpecDatabase
  let capture: CaptureProcess
  let written: number
  let verdict: Verdict

  before(async () => {
    stage = await CaptureStage.open()
    await stage.apply()
    table = new CapturedTable(stage)
    neighbour = await createSpecDatabase()
    capture = new CaptureProcess(stage.childOptions())
    memory.watch(capture.pid)
    await table.insert(10)
    await until('its rows are captured', async () => (await table.delivered()) === 10)
    await beBusy()
    await table.insert(10)
    await until('its rows are captured', async () => (await table.delivered()) === 20)
    verdict = await table.judged()
    report({
      ...{ row: 12, fault: `${written / 2 ** 20} MiB written beside an idle captured table`, kills: 0 },
      ...{ records: 20, lost: verdict.lost.length, duplicated: verdict.duplicated.length },
      ...{ recoverySeconds: null, peakMemory: memory.bytes },
    })
  })

  after(async () => {
    await capture?.kill()
    await neighbour?.drop()
    await stage?.close()
  })

  /** As pgbench would be, in another database: of random bytes, which are not compressed. */
  async function beBusy(): Promise<void> {
    const client = new pg.Client(neighbour.url)
    client.on('error', () => undefined)
    await client.connect()
    await client.query('CREATE TABLE busy (id bigserial PRIMARY KEY, bytes bytea)')
    await client.query('ALTER TABLE busy ALTER bytes SET STORAGE EXTERNAL')
    const { walEnd: begin } = await stage.positions()
    const rows = rowRecords() / 40
    for (let i = 0; i < 40; i++) {
      await client.query(
        `INSERT INTO busy (bytes) SELECT decode(repeat(md5(random()::text), ${Math.ceil(ROW_BYTES / 16)}), 'hex')
           FROM generate_series(1, $1::int)`,
        [rows],
      )
      // However fast this writes, and however rarely the server is told: it is told, before more is written.
      await until('the server throws its log away while more is written', async () => {
        await client.query('CHECKPOINT')
        const { walEnd, restart } = await stage.positions()
        retained = Number(walEnd - restart)
        return retained < SEGMENT
      })
      letGo++
    }
    const { walEnd: end } = await stage.positions()
    written = Math.round(Number(end - begin) / 2 ** 20) * 2 ** 20
    await client.end()
  }

  it('should have had 100 MB of log written beside it', () => {
    expect(written).to.be.above(BUSY_BYTES * 0.95)
  })

  it('should let the server throw its log away while it goes on', () => {
    expect(letGo).to.equal(40)
    expect(retained).to.be.below(SEGMENT)
  })

  it('should let go of nearly all of it at the end', async () => {
    const client = await stage.client()
    await until('the log is let go', async () => {
      await client.query('CHECKPOINT')
      const { walEnd, restart } = await stage.positions()
      return walEnd - restart < 1_000_000n
    })
  })

  it('should capture the rows from before and after', () => {
    expect(verdict).to.deep.equal(CLEAN)
  })
})
