import { expect } from 'chai'
import type pg from 'pg'
import { parseLsn } from '../../../../connectors/postgres/capture/lsn.ts'
import { kafkaTool } from '../../../support/kafka-tool.ts'
import { servers } from '../../../support/servers.ts'
import type { ChildOptions } from './capture-child.ts'
import { CaptureProcess } from './capture-process.ts'
import { CaptureStage, until } from './capture-stage.ts'

describe('capture killed', () => {
  let stage: CaptureStage

  before(async () => {
    stage = await CaptureStage.open()
  })

  after(() => stage.close())

  /** Committed rows, each with a log position that lies behind its commit. */
  const committed: { id: string; by: bigint }[] = []

  async function write(client: pg.Client, transactions: number): Promise<void> {
    for (let i = 0; i < transactions; i++) {
      const rows = 1 + ((committed.length * 7) % 40)
      const inserted = await client.query<{ id: string }>(
        "INSERT INTO staging.users (name) SELECT 'n' || g FROM generate_series(1, $1::int) g RETURNING id",
        [rows],
      )
      const { rows: ends } = await client.query<{ lsn: string }>(
        'SELECT pg_current_wal_insert_lsn()::text AS lsn',
      )
      const by = parseLsn(ends[0]?.lsn ?? '')
      committed.push(...inserted.rows.map(({ id }) => ({ id, by })))
    }
  }

  async function killAt(stopAt: NonNullable<ChildOptions['stopAt']>, afterRecords: number): Promise<void> {
    const capture = new CaptureProcess(stage.childOptions({ stopAt, afterRecords }))
    expect(await capture.stopped()).to.equal(stopAt)
    await capture.kill()
  }

  /** Kills a capture there, and checks what the positions claim against what Kafka has. */
  async function killAndCheck(
    stopAt: NonNullable<ChildOptions['stopAt']>,
    afterRecords: number,
  ): Promise<void> {
    await killAt(stopAt, afterRecords)
    const { slot, stored } = await stage.positions()
    expect(slot <= stored, `${stopAt}: slot ${slot}, stored ${stored}`).to.equal(true)
    const [capture] = await stage.database.query('look', 'SELECT snapshot FROM millrace.captures')
    const inKafka = new Set((await stage.rows()).map(({ id }) => id))
    const claimed = capture?.snapshot === 'done' ? committed.filter(({ by }) => by <= stored) : []
    expect(
      claimed.filter(({ id }) => !inKafka.has(id)),
      `${stopAt}: stored but not in Kafka`,
    ).to.deep.equal([])
    expect(committed.length, `${stopAt}: rows were on their way`).to.be.above(claimed.length)
  }

  async function reachingAll(): Promise<void> {
    const last = committed.at(-1)?.id
    await until(async () => (await stage.rows()).some(({ id }) => id === last))
  }

  it('should lose nothing when it is killed in its snapshot', async () => {
    await write(await stage.client(), 20)
    await stage.apply()
    await killAndCheck('before send', 0)
    await killAndCheck('while sending', 100)
    await killAndCheck('before storing', 200)
    await stage.start()
    await reachingAll()
    await stage.stop()
    expect(new Set((await stage.rows()).map(({ id }) => id)).size).to.equal(committed.length)
  })

  const points = ['before send', 'while sending', 'before storing', 'after storing'] as const
  for (const afterRecords of [0, 150]) {
    for (const point of points) {
      it(`should lose nothing when it is killed ${point}, after ${afterRecords} records`, async () => {
        await write(await stage.client(), 20)
        await killAndCheck(point, afterRecords)
      })
    }
  }

  it("should have delivered every row after that, in the order of commits, as Kafka's own consumer sees it", async () => {
    await stage.start()
    await write(await stage.client(), 1)
    await reachingAll()
    await stage.stop()
    const lines = await kafkaTool('consumer.ConsoleConsumer', [
      '--bootstrap-server',
      servers().kafkaBrokers,
      '--topic',
      stage.topic,
      '--from-beginning',
      '--max-messages',
      String((await stage.records()).length),
      '--timeout-ms',
      '120000',
    ])
    const seen = lines
      .split('\n')
      .filter((line) => line.startsWith('{')) // the tool's log comes in between
      .map((line) => String(JSON.parse(line).id))
    expect(new Set(seen).size).to.equal(committed.length)
    expect(inOrder(seen)).to.equal(true)
  })
})

/** Every row comes for the first time in the order of commits, which is that of the ids here. */
function inOrder(ids: readonly string[]): boolean {
  const first = [...new Set(ids)].map(Number)
  return first.every((id, i) => i === 0 || id > (first[i - 1] ?? 0))
}
