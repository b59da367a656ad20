import { expect } from 'chai'
import { CaptureProcess } from '../connectors/postgres/capture/capture-process.ts'
import { CaptureStage } from '../connectors/postgres/capture/capture-stage.ts'
import { until } from '../support/until.ts'
import { CapturedTable } from './capture/captured-table.ts'
import { PeakMemory } from './support/peak-memory.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'

/** Of the rows, how many it has sent when it is killed. */
const SHARES = [0.1, 0.5, 0.9]
const POINTS = ['before send', 'while sending', 'before storing'] as const

describe('fault row 14: a crash in the snapshot, updates during it', () => {
  const memory = new PeakMemory()
  const kills: { sent: number; snapshot: string }[] = []
  let stage: CaptureStage
  let table: CapturedTable
  let last: CaptureProcess
  let stored: Map<string, string>
  let captured: Map<string, string>
  let updatedInSnapshot: number

  before(async () => {
    stage = await CaptureStage.open()
    table = new CapturedTable(stage)
    const client = await stage.client()
    // In one piece: what is taken then is one large table, and what is done meanwhile comes in between.
    await table.insert(rowRecords())
    await stage.apply()
    for (const [i, share] of SHARES.entries()) {
      const stopAt = POINTS[i]!
      const capture = start({ stopAt, afterRecords: share * rowRecords() })
      const before = await table.delivered()
      await capture.stopped()
      // While it stands still in the middle.
      await client.query(
        "UPDATE staging.users SET notes = 'updated in the snapshot ' || id WHERE id % 10 = $1",
        [i],
      )
      await client.query("INSERT INTO staging.users (name, notes) VALUES ('key-new', 'new')")
      await client.query('DELETE FROM staging.users WHERE id = $1', [i + 1])
      await capture.kill()
      kills.push({ sent: (await table.delivered()) - before, snapshot: await snapshotState() })
    }
    last = start()
    updatedInSnapshot = 0
    const from = await table.delivered()
    while ((await snapshotState()) !== 'done') {
      const { rowCount } = await client.query(
        "UPDATE staging.users SET notes = 'updated in the last one ' || id WHERE id % 100 = $1",
        [50 + (updatedInSnapshot % 7)],
      )
      if ((await table.delivered()) > from && (await snapshotState()) !== 'done')
        updatedInSnapshot += rowCount!
    }
    const { walEnd } = await stage.positions()
    await until('all is captured', async () => (await stage.positions()).stored >= walEnd)
    await last.kill('SIGTERM')
    const { rows } = await client.query<{ id: string; notes: string }>('SELECT id, notes FROM staging.users')
    stored = new Map(rows.map(({ id, notes }) => [id, notes]))
    const seen = await table.inKafka()
    captured = new Map(seen.map(({ id, notes }) => [id, notes]))
    report({
      ...{ row: 14, fault: 'kill -9 in the snapshot, with updates during it', records: rowRecords() },
      ...{ kills: kills.length, lost: missing().length, duplicated: seen.length - captured.size },
      ...{ recoverySeconds: null, peakMemory: memory.bytes },
    })
  })

  after(async () => {
    await last?.kill()
    await stage?.close()
  })

  function start(where: Parameters<CaptureStage['childOptions']>[0] = {}): CaptureProcess {
    const capture = new CaptureProcess(stage.childOptions(where))
    memory.watch(capture.pid)
    return capture
  }

  async function snapshotState(): Promise<string> {
    const [row] = await stage.database.query<{ snapshot: string }>(
      'look at a snapshot',
      'SELECT snapshot FROM millrace.captures',
    )
    return row!.snapshot
  }

  const missing = () => [...stored.keys()].filter((id) => !captured.has(id))

  it('should have been killed in the middle of the snapshot each time', () => {
    for (const [i, { sent, snapshot }] of kills.entries()) {
      expect(snapshot).to.equal('pending')
      expect(sent, `kill ${i}`).to.be.within(SHARES[i]! * rowRecords(), rowRecords())
    }
  })

  it('should have had rows updated while the last snapshot was taken', () => {
    expect(updatedInSnapshot).to.be.above(0)
  })

  it('should hold every row, with its last state', () => {
    expect(missing()).to.deep.equal([])
    const old = [...stored].filter(([id, notes]) => captured.get(id) !== notes)
    expect(old.slice(0, 20)).to.deep.equal([])
  })

  it('should hold no row that never was, and those deleted only as they were', () => {
    const gone = [...captured.keys()].filter((id) => !stored.has(id))
    expect(gone.length).to.be.at.most(SHARES.length)
  })
})
