import { type PostgresConnector, postgresConnector } from '../../../../connectors/postgres/sink/connector.ts'
import type { Logger } from '../../../../lib/log.ts'
import type { Sink, SinkRow, StoredRow, TableReader } from '../../../../lib/ports.ts'
import type { TableTarget } from '../../../../lib/table/table.ts'
import { createSpecDatabase, type SpecDatabase } from '../../../support/spec-database.ts'

export const NOON = Date.UTC(2026, 0, 1, 12)
export const context = { application: 'spec', step: 'rows' }
export const never = new AbortController().signal

/** A row of the record at this offset; null deletes by the given key. */
export function rowAt(
  offset: number,
  value: Readonly<Record<string, unknown>> | null,
  { key = null, timestamp = NOON }: { key?: unknown; timestamp?: number } = {},
): SinkRow {
  return { value, key, timestamp, headers: [], origin: { topic: 'rows', partition: 7, offset } }
}

/** Tables on a database of the spec's own, and a plain connection that judges what is in them. */
export interface SinkStage {
  readonly connector: PostgresConnector
  /** Creates what the target needs, and opens a prepared sink. */
  sink(target: TableTarget): Promise<Sink>
  read(target: TableTarget): Promise<StoredRow[]>
  sql<R extends Record<string, unknown>>(text: string): Promise<R[]>
  readonly database: SpecDatabase
  close(): Promise<void>
}

export async function openSinkStage(logger?: Logger): Promise<SinkStage> {
  const database = await createSpecDatabase()
  const connector = postgresConnector({
    databaseUrl: database.url,
    schema: 'insights',
    connections: 8,
    logger,
  })
  return {
    connector,
    database,
    sink: async (target) => {
      for (const resource of connector.resources(target, context)) await resource.create()
      const sink = await connector.open(target, context)
      await sink.prepare()
      return sink
    },
    read: (target) => rowsOf(connector, target),
    sql: (text) => database.database.query('judge', text),
    close: async () => {
      await connector.close()
      await database.drop()
    },
  }
}

export async function rowsOf(reader: TableReader, target: TableTarget): Promise<StoredRow[]> {
  const rows: StoredRow[] = []
  for await (const row of reader.readTable(target)) rows.push(row)
  return rows
}
