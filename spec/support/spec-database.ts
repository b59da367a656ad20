import { randomBytes } from 'node:crypto'
import { type Database, openDatabase } from '../../connectors/postgres/connection.ts'
import { servers } from './servers.ts'

export interface SpecDatabase {
  readonly url: string
  readonly database: Database
  /** Closes the connections and removes the database. */
  drop(): Promise<void>
}

/** A new, empty database on the real PostgreSQL, for one spec file. */
export async function createSpecDatabase(): Promise<SpecDatabase> {
  const { databaseUrl } = servers()
  const name = `spec_${randomBytes(6).toString('hex')}`
  await once(databaseUrl, `create database ${name}`)
  const url = new URL(databaseUrl)
  url.pathname = `/${name}`
  const database = openDatabase(url.href, { name: 'spec', connections: 8 })
  return {
    url: url.href,
    database,
    drop: async () => {
      await database.close()
      await once(databaseUrl, `drop database ${name} with (force)`)
    },
  }
}

async function once(databaseUrl: string, statement: string): Promise<void> {
  const database = openDatabase(databaseUrl)
  try {
    await database.query(statement, statement)
  } finally {
    await database.close()
  }
}
