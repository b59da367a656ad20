import { Client } from 'cassandra-driver'
import type { SpecKeyspace } from '../../connectors/cassandra/keyspace.ts'
import type { Row } from '../../e2e/stored-rows.ts'

/** Reads tables with a plain driver, a page at a time: they may be larger than what memory holds. */
export class Reader {
  readonly #settings: SpecKeyspace['settings']

  constructor(settings: SpecKeyspace['settings']) {
    this.#settings = settings
  }

  async each(table: string, look: (row: Row) => void): Promise<void> {
    const { contactPoints, localDataCenter, keyspace } = this.#settings
    const driver = new Client({ contactPoints: [...contactPoints], localDataCenter, keyspace })
    try {
      await driver.connect()
      const pages = await driver.execute(`SELECT * FROM ${table}`, [], { prepare: true, fetchSize: 5000 })
      for await (const row of pages) look({ ...row })
    } finally {
      await driver.shutdown()
    }
  }
}
