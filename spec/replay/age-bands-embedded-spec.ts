import { type EmbeddedStage, embeddedStage, select } from '../support/embedded.ts'
import { millrace } from '../support/millrace.ts'
import { ageBandsCases } from './age-bands.ts'

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
})
