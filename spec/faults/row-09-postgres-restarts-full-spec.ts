import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { freePorts } from '../../services/ports.ts'
import { startPostgres } from '../../services/postgres.ts'
import { processIdentity } from '../../services/process-identity.ts'
import type { RunningServer, StartOptions } from '../../services/server.ts'
import { CaptureProcess } from '../connectors/postgres/capture/capture-process.ts'
import { CaptureStage } from '../connectors/postgres/capture/capture-stage.ts'
import { until } from '../support/until.ts'
import { CapturedTable } from './capture/captured-table.ts'
import { CLEAN, type Verdict } from './support/judge.ts'
import { PeakMemory } from './support/peak-memory.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'

/** PostgreSQL's own names of its ways to end; the third is no way of its own. */
const ENDINGS = ['fast', 'immediate', 'kill -9'] as const
const ROUNDS = 2

describe('fault row 9: PostgreSQL restarts under the capture', () => {
  let dir: string
  let options: StartOptions
  let postgres: RunningServer
  let stage: CaptureStage
  let table: CapturedTable
  let capture: CaptureProcess
  const memory = new PeakMemory()
  const inFlight: number[] = []
  const recoveries: number[] = []
  let verdict: Verdict
  let how: string

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'millrace-capture-'))
    chmodSync(dir, 0o711)
    options = { dir, port: (await freePorts(1))[0] }
    postgres = await startPostgres(options)
    stage = await CaptureStage.open(`postgresql://postgres@${postgres.address}/postgres`)
    await stage.apply()
    table = new CapturedTable(stage)
    capture = new CaptureProcess(stage.childOptions())
    memory.watch(capture.pid)

    // What is killed is the stream: a snapshot would begin anew (row 14).
    await until('the snapshot is done', snapshotDone)
    const restarts = Array.from({ length: ROUNDS }, () => ENDINGS).flat()
    const filling = table.fill(rowRecords())
    for (const [i, ending] of restarts.entries()) {
      await reached((rowRecords() * (i + 1)) / (restarts.length + 1))
      await restart(ending)
    }
    await filling
    const { walEnd } = await stage.positions()
    await until('all is captured', async () => (await stage.positions()).stored >= walEnd)
    how = await capture.kill('SIGTERM')
    verdict = await table.judged()
    report({
      row: 9,
      fault: 'PostgreSQL restarted under the capture: fast, immediate, kill -9',
      records: rowRecords(),
      kills: inFlight.length,
      lost: verdict.lost.length,
      duplicated: verdict.duplicated.length,
      recoverySeconds: Math.max(...recoveries),
      peakMemory: memory.bytes,
    })
  })

  after(async () => {
    await capture?.kill()
    await stage?.close()
    await postgres?.stop()
    rmSync(dirname(postgres.dataDir), { recursive: true, force: true })
    rmSync(dir, { recursive: true, force: true })
  })

  async function snapshotDone(): Promise<boolean> {
    const rows = await stage.database.query<{ snapshot: string }>(
      'look at a snapshot',
      'SELECT snapshot FROM millrace.captures',
    )
    return rows[0]?.snapshot === 'done'
  }

  const reached = (records: number) =>
    until(`${records} records`, async () => (await table.delivered()) >= records)

  async function restart(ending: (typeof ENDINGS)[number]): Promise<void> {
    const { walEnd, stored } = await stage.positions()
    await end(ending)
    inFlight.push(Number(walEnd - stored))
    const before = await table.delivered()
    postgres = await startPostgres(options)
    const up = performance.now()
    await until('it goes on', async () => (await table.delivered()) > before)
    recoveries.push((performance.now() - up) / 1000)
  }

  async function end(ending: (typeof ENDINGS)[number]): Promise<void> {
    if (ending === 'immediate') {
      const identity = processIdentity(postgres.pid)
      process.kill(postgres.pid, 'SIGQUIT')
      await until('it has ended', () => processIdentity(postgres.pid) !== identity)
    }
    await (ending === 'fast' ? postgres.stop() : postgres.kill())
  }

  it('should have hit commits that the stored position did not cover, each time', () => {
    expect(inFlight).to.have.length(ENDINGS.length * ROUNDS)
    for (const bytes of inFlight) expect(bytes, 'bytes of log').to.be.above(0)
  })

  it('should lose nothing and keep the order of each key', () => {
    expect({ ...verdict, duplicated: [] }).to.deep.equal(CLEAN)
  })

  it('should have gone on by itself, in the same process, within ten seconds', () => {
    expect(how).to.equal('0')
    expect(Math.max(...recoveries)).to.be.below(10)
  })

  it('should deliver again only what the last stored position did not cover', () => {
    // A batch of 50 is under way, and perhaps another.
    expect(verdict.duplicated.length).to.be.at.most(inFlight.length * 100)
  })
})
