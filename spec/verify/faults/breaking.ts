import { type Database, openDatabase } from '../../../connectors/postgres/connection.ts'
import type { Connected } from '../../../lib/cli/servers/connect.ts'
import type { FoundRow } from '../../../lib/ports.ts'
import type { OutRecord, RawRecord } from '../../../lib/record.ts'
import { serdesOf } from '../../../lib/runtime/open.ts'
import type { TableTarget } from '../../../lib/table/table.ts'
import type { TopicTarget } from '../../../lib/topology/topic.ts'

type Target = Pick<TableTarget, 'connector' | 'name'>

/** What breaks a pipeline by hand. */
export interface Breaking {
  readonly database: Database
  /** Every record of a topic. */
  records(topic: string): Promise<RawRecord[]>
  send(...records: OutRecord[]): Promise<void>
  decode<V>(topic: TopicTarget<string, V>, record: RawRecord): Promise<V>
  encode<V>(topic: TopicTarget<string, V>, value: V): Promise<Buffer>
  /** Stages a user without any run. Resolves with the row's id. */
  stage(run: string, payload: unknown, fetchedAt?: Date): Promise<string>
  /** Writes some columns of a row, as somebody would now; null deletes it. */
  change(
    target: Target,
    key: readonly unknown[],
    fields: Readonly<Record<string, unknown>> | null,
  ): Promise<void>
  close(): Promise<void>
}

export async function breaking(at: Connected<'DATABASE_URL'>): Promise<Breaking> {
  const database = openDatabase(at.settings.DATABASE_URL)
  const producer = await at.broker.producer({ clientId: 'spec' })
  return {
    database,
    records: async (topic) => {
      const found: RawRecord[] = []
      const ranges = (await at.broker.admin.offsets(topic)).map(({ partition, earliest, end }) => {
        return { topic, partition, from: earliest, to: end }
      })
      for await (const { records } of at.broker.read(ranges)) found.push(...records)
      return found
    },
    send: (...records) => producer.send(records),
    decode: async (topic, { value }) => {
      const serde = serdesOf(topic, at).value
      await serde.open?.()
      await serde.ready?.([value])
      return serde.decode(value!) as never
    },
    encode: async (topic, value) => {
      const serde = serdesOf(topic, at).value
      await serde.open?.()
      return serde.encode(value)!
    },
    stage: async (run, payload, fetchedAt = new Date()) => {
      const [row] = await database.query<{ id: string }>(
        'stage a user',
        'INSERT INTO staging.random_users (run_id, payload, fetched_at) VALUES ($1, $2, $3) RETURNING id::text',
        [run, JSON.stringify(payload), fetchedAt],
      )
      return row!.id
    },
    change: async (target, key, fields) => {
      const repair = await at.sinks.cassandra!.repair!(target, {
        application: 'user-insights',
        step: 'by hand',
      })
      const { value }: FoundRow = await repair.readRow(key)
      await repair.writeRow(key, fields === null ? null : { ...value, ...fields }, Date.now() * 1000)
    },
    close: async () => {
      await Promise.all([producer.close(), database.close()])
    },
  }
}

/** The last record of each. */
export function byKey(records: readonly RawRecord[]): Map<string, RawRecord> {
  return new Map(records.map((record) => [String(record.key), record]))
}
