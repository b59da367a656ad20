import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { kafka } from '../../connectors/kafka/index.ts'
import { postgres } from '../../connectors/postgres/index.ts'
import { postgresConnector } from '../../connectors/postgres/sink/connector.ts'
import { planRedrive } from '../../lib/dead-letters/plan-redrive.ts'
import { redrive } from '../../lib/dead-letters/redrive.ts'
import { TopologyReEntry } from '../../lib/dead-letters/topology-re-entry.ts'
import { Ledger } from '../../lib/deployed/ledger.ts'
import { type Environment, json, map, sink, startWorker, topology } from '../../lib/index.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { withGuarantee } from '../../lib/topology/guarantee.ts'
import type { Guarantee } from '../../lib/topology/nodes.ts'
import { applyTopology, produce, type SpecEnvironment, specEnvironment } from '../support/environment.ts'
import { createSpecDatabase, type SpecDatabase } from '../support/spec-database.ts'

const RECORDS = 300
const TOO_LARGE = [7, 8, 250]
const columns = { id: 'text', n: 'int' } as const

interface Row {
  readonly id: string
  readonly n: number
}

describe('redriving rows that a table has refused', () => {
  let kafkaOnly: SpecEnvironment
  let database: SpecDatabase
  let environment: Environment
  let close: () => Promise<void>

  before(async () => {
    kafkaOnly = specEnvironment()
    database = await createSpecDatabase()
    const connector = postgresConnector({ databaseUrl: database.url })
    environment = { ...kafkaOnly, sinks: { postgres: connector } }
    close = () => connector.close()
    await Ledger.resource(environment.broker).create()
  })

  after(async () => {
    await close?.()
    await kafkaOnly?.close()
    await database?.drop()
  })

  /** Behind a step that retries: exactly once, its table is fed from a topic of its own. */
  function saidAs(name: string, guarantee: Guarantee) {
    const said = topology(name, ({ source }) => {
      const input = source('in', kafka(`${name}-in`, { value: json<Row>(), partitions: 1 }))
      const rows = input.pipe(
        map('row', (row) => row, { onError: { retry: 1, backoff: '1ms', otherwise: 'dead-letter' } }),
      )
      rows.pipe(sink('first', postgres(`${name}_first`, { columns, primaryKey: ['id'] })))
      rows.pipe(sink('second', postgres(`${name}_second`, { columns, primaryKey: ['id'] })))
    })
    return withGuarantee(said, guarantee)
  }

  for (const guarantee of ['at-least-once', 'exactly-once'] as const) {
    it(`should write them once it takes them, over no newer row, and to that table only: ${guarantee}`, async () => {
      const name = `rows_${randomBytes(4).toString('hex')}`
      const said = saidAs(name, guarantee)
      await applyTopology(said, environment)
      await query(`alter table ${name}_first add constraint small check (n < 1000000)`)
      await produce(
        environment,
        Array.from({ length: RECORDS }, (_, n) => rowOf(name, n, TOO_LARGE.includes(n) ? n + 1_000_000 : n)),
      )
      await run(said)
      // A newer row of one that was refused.
      await produce(environment, [{ ...rowOf(name, 8, 88), timestamp: 1_000_000_000_000 }])
      await run(said)
      await query(`alter table ${name}_first drop constraint small`)
      await query(`delete from ${name}_second`)

      const reEntry = await TopologyReEntry.open({
        topology: said,
        application: name,
        environment,
        acceptRepeats: false,
      })
      const { signal } = new AbortController()
      const options = {
        broker: environment.broker,
        topic: `${name}.dlq`,
        reEntry,
        limit: 3,
        again: false,
        signal,
      }
      const plan = await planRedrive({ ...options, selection: { how: 'all' } })
      expect(plan.ways).to.deep.equal({ [`at "first" → ${name}_first`]: 3 })
      expect(await redrive({ ...options, selection: { how: 'all' } })).to.include({ redriven: 3, refused: 0 })
      await reEntry.close()

      const rows = await query<Row>(
        `select id, n from ${name}_first where id in ('7', '8', '250') order by id`,
      )
      expect(rows).to.deep.equal([
        { id: '250', n: 1_000_250 },
        { id: '7', n: 1_000_007 },
        { id: '8', n: 88 },
      ])
      expect(await query(`select from ${name}_first`)).to.have.length(RECORDS)
      expect(await query(`select from ${name}_second`)).to.have.length(0)
    })
  }

  const query = <R extends object>(text: string) =>
    database.database.query<R & Record<string, unknown>>('look', text)

  async function run(said: ReturnType<typeof saidAs>): Promise<void> {
    const worker = await startWorker({
      topology: said,
      environment,
      guarantee: said.guarantee,
      untilCaughtUp: true,
    })
    await worker.done
  }

  function rowOf(name: string, id: number, n: number) {
    const value = Buffer.from(JSON.stringify({ id: String(id), n }))
    const at = { topic: `${name}-in`, partition: 0, timestamp: 900_000_000_000 + id }
    return { ...at, key: Buffer.from(String(id)), value, headers: NO_HEADERS }
  }
})
