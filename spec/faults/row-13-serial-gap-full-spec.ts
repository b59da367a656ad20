import { expect } from 'chai'
import type pg from 'pg'
import { CaptureProcess } from '../connectors/postgres/capture/capture-process.ts'
import { CaptureStage } from '../connectors/postgres/capture/capture-stage.ts'
import { until } from '../support/until.ts'
import { CapturedTable } from './capture/captured-table.ts'
import { PeakMemory } from './support/peak-memory.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'

const ROUNDS = 100
const INSERT = 'INSERT INTO staging.users (name) SELECT $1 FROM generate_series(1, $2::int) RETURNING id'

describe('fault row 13: a lower id is committed later', () => {
  const memory = new PeakMemory()
  const late: number[][] = []
  let stage: CaptureStage
  let capture: CaptureProcess
  let seen: number[]
  let lost: number
  let duplicated: number

  before(async () => {
    stage = await CaptureStage.open()
    await stage.apply()
    const table = new CapturedTable(stage)
    capture = new CaptureProcess(stage.childOptions())
    memory.watch(capture.pid)
    // Its snapshot would wait for the transaction that is open.
    await table.insert(1)
    await until('it streams', async () => (await table.delivered()) === 1)
    const [first, second] = [await stage.client(), await stage.client()]
    const half = rowRecords() / ROUNDS / 2
    for (let round = 0; round < ROUNDS; round++) {
      await first.query('BEGIN')
      late.push(await idsOf(first, 'first', half))
      await idsOf(second, 'second', half)
      // It sleeps until the other one's rows, of higher ids, are in Kafka: who asks for ids above has passed it by.
      const expected = 1 + (2 * round + 1) * half
      await until('the higher ids are captured', async () => (await table.delivered()) >= expected)
      await first.query('COMMIT')
    }
    await until('all is captured', async () => (await table.delivered()) > rowRecords())
    const verdict = await table.judged()
    ;[lost, duplicated] = [verdict.lost.length, verdict.duplicated.length]
    seen = (await table.inKafka()).map(({ id }) => Number(id))
    report({
      ...{ row: 13, fault: `a lower id committed later, ${ROUNDS} times`, records: rowRecords(), kills: 0 },
      ...{ lost, duplicated, recoverySeconds: null, peakMemory: memory.bytes },
    })
  })

  after(async () => {
    await capture?.kill()
    await stage?.close()
  })

  async function idsOf(client: pg.Client, name: string, rows: number): Promise<number[]> {
    const inserted = await client.query<{ id: string }>(INSERT, [name, rows])
    return inserted.rows.map(({ id }) => Number(id))
  }

  it('should deliver every row once', () => {
    expect([lost, duplicated, seen.length]).to.deep.equal([0, 0, rowRecords() + 1])
  })

  it('should deliver those that were committed later behind those of higher ids, in every round', () => {
    const place = new Map(seen.map((id, i) => [id, i]))
    for (const ids of late) {
      const above = ids.at(-1)! + 1
      for (const id of ids) expect(place.get(id), `id ${id}`).to.be.above(place.get(above)!)
    }
  })
})
