import pg from 'pg'
import { expectedRows } from '../e2e/expected-rows.ts'
import { plain, type Row } from '../e2e/stored-rows.ts'
import { untilCaptured } from '../support/captured.ts'
import { type EmbeddedStage, embeddedStage, select } from '../support/embedded.ts'
import { type MillraceProcess, millrace, startMillrace } from '../support/millrace.ts'
import { until } from '../support/until.ts'
import { ageBandsCases } from './age-bands.ts'
import { promotionCases } from './promotion/pipeline-cases.ts'

describe('a shadow with other age bands, embedded', function () {
  this.timeout(300_000)
  let stage: EmbeddedStage

  before(async () => {
    stage = embeddedStage()
    await millrace(['up', '--once'], stage.env)
  })
  after(() => stage?.remove())

  ageBandsCases(() => ({
    env: { ...stage.env },
    rows: (table) =>
      stage.look((databaseUrl) =>
        select(databaseUrl, `select * from insights.${table} order by 1, 2`).catch((error) => {
          if (error.code === '42P01') return undefined
          throw error
        }),
      ),
  }))

  describe('and is promoted', () => {
    let capture: MillraceProcess

    before(async () => {
      capture = startMillrace(['capture'], stage.env)
      await until('its PostgreSQL runs', async () => (await stage.count('select 1 as count')) === 1)
    })
    after(async () => {
      capture?.kill('SIGTERM')
      await capture?.ended
    })

    promotionCases(() => ({
      env: { ...stage.env },
      users: async () => {
        const rows = await select<Row>(stage.databaseUrl(), 'select * from insights.users_by_id')
        return new Map(rows.map(plain).map((row) => [String(row.user_id), row]))
      },
      expected: async () => (await expectedRows(stage.databaseUrl())).usersById as never,
      ingest: async () => {
        await millrace(['ingest', '--once', '--results', '200', '--pages', '1'], stage.env)
        await untilCaptured({ sql: (text, values) => asked(stage.databaseUrl(), text, values) })
      },
    }))
  })
})

async function asked<R>(databaseUrl: string, text: string, values?: readonly unknown[]): Promise<R[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    return (await client.query(text, values && [...values])).rows
  } finally {
    await client.end()
  }
}
