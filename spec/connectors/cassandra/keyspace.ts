import { randomBytes } from 'node:crypto'
import { Client } from 'cassandra-driver'
import { servers } from '../../support/servers.ts'

/** A keyspace name of a spec's own, and a plain driver, connected anew each time, that judges what is in it. */
export interface SpecKeyspace {
  readonly name: string
  readonly settings: {
    readonly contactPoints: readonly string[]
    readonly localDataCenter: string
    readonly keyspace: string
  }
  select<Row>(cql: string): Promise<Row[]>
  execute(cql: string): Promise<void>
  drop(): Promise<void>
}

export function openKeyspace(contactPoints = servers().cassandraContactPoints): SpecKeyspace {
  const name = `spec_${randomBytes(6).toString('hex')}`
  const settings = {
    contactPoints: contactPoints.split(','),
    localDataCenter: 'datacenter1',
    keyspace: name,
  }
  const judge = async <T>(work: (driver: Client) => Promise<T>): Promise<T> => {
    const driver = new Client({ contactPoints: settings.contactPoints, localDataCenter: 'datacenter1' })
    try {
      await driver.connect()
      return await work(driver)
    } finally {
      await driver.shutdown()
    }
  }
  const execute = (cql: string) => judge((driver) => driver.execute(cql, [], { prepare: true }))
  return {
    name,
    settings,
    select: (cql) => judge((driver) => allPages(driver, cql)),
    execute: async (cql) => {
      await execute(cql)
    },
    drop: async () => {
      await execute(`DROP KEYSPACE IF EXISTS ${name}`)
    },
  }
}

/** A server of specs has little memory: it is asked for as much at a time as it gives by default. */
async function allPages<Row>(driver: Client, cql: string): Promise<Row[]> {
  const rows: Row[] = []
  let pageState: string | undefined
  do {
    const page = await driver.execute(cql, [], { prepare: true, ...(pageState && { pageState }) })
    for (const row of page.rows) rows.push({ ...row } as Row)
    pageState = page.pageState ?? undefined
  } while (pageState !== undefined)
  return rows
}
