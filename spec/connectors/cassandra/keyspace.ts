import { randomBytes } from 'node:crypto'
import { Client } from 'cassandra-driver'
import { servers } from '../../support/servers.ts'

/** A keyspace name of a spec's own, and a plain driver that judges what is in it. */
export interface SpecKeyspace {
  readonly name: string
  readonly settings: {
    readonly contactPoints: readonly string[]
    readonly localDataCenter: string
    readonly keyspace: string
  }
  select<Row>(cql: string): Promise<Row[]>
  /** Drops the keyspace and closes the driver. */
  drop(): Promise<void>
}

export async function openKeyspace(contactPoints = servers().cassandraContactPoints): Promise<SpecKeyspace> {
  const name = `spec_${randomBytes(6).toString('hex')}`
  const settings = {
    contactPoints: contactPoints.split(','),
    localDataCenter: 'datacenter1',
    keyspace: name,
  }
  const driver = new Client({ contactPoints: settings.contactPoints, localDataCenter: 'datacenter1' })
  await driver.connect()
  return {
    name,
    settings,
    select: async <Row>(cql: string) => {
      const { rows } = await driver.execute(cql, [], { prepare: true, fetchSize: 100_000 })
      return rows.map((row) => ({ ...row })) as Row[]
    },
    drop: async () => {
      await driver.execute(`DROP KEYSPACE IF EXISTS ${name}`)
      await driver.shutdown()
    },
  }
}
