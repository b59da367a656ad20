import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../connectors/postgres/connection.ts'
import { toRawUser, usersRaw, usersRawCapture } from '../../topologies/users-raw.ts'
import { MillraceError } from '../errors.ts'
import type { TopicSerdes } from '../operators/sink.ts'
import type { Broker, TableReader } from '../ports.ts'
import { headerOf } from '../record.ts'
import type { TableTarget } from '../table.ts'
import { compareSets, type Finding } from '../verify/compare.ts'
import { KeyTable } from '../verify/key-table.ts'
import { eachBatch, rangesOf } from '../verify/topic-tables.ts'

export interface StagingHop {
  /** Elements that the API returned, by the run history. */
  readonly fetched: number
  readonly rows: number
  /** What should be in `users.raw`. */
  readonly expected: KeyTable
  /** Staging ids of rows that can't be keyed or encoded. */
  readonly refused: ReadonlySet<string>
  /** Rows of a run that are fewer, or more, than the API returned to it. */
  readonly findings: readonly Finding[]
}

const PAGE = 2000

/** Reads run history and staging, and computes what capture must have made of each row. */
export async function readStaging(
  database: Database,
  serdes: TopicSerdes,
  columns: readonly string[],
): Promise<StagingHop> {
  const expected = new KeyTable(columns)
  const refused = new Set<string>()
  const rowsByRun = new Map<string, number>()
  const runs = await database.query<{ run_id: string; fetched: string }>(
    'read the run history',
    'SELECT run_id, fetched FROM millrace.ingest_runs',
  )
  let rows = 0
  for (let last = '0'; ; ) {
    const page = await database.query<Record<string, string | null>>(
      'read staging',
      `SELECT id::text, run_id, payload::text, to_char(fetched_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS') || '+00' AS fetched_at
       FROM staging.random_users AS staged WHERE staged.id > $1 ORDER BY staged.id LIMIT ${PAGE}`,
      [last],
    )
    for (const row of page) {
      rows++
      const run = row.run_id ?? ''
      rowsByRun.set(run, (rowsByRun.get(run) ?? 0) + 1)
      await project(row)
    }
    if (page.length < PAGE) break
    last = page.at(-1)!.id!
  }
  const findings = runs.flatMap(({ run_id, fetched }): Finding[] => {
    const staged = rowsByRun.get(run_id) ?? 0
    if (staged === Number(fetched)) return []
    return [{ hop: 'staging', key: `run ${run_id}`, kind: staged < Number(fetched) ? 'missing' : 'too many' }]
  })
  return {
    fetched: runs.reduce((sum, run) => sum + Number(run.fetched), 0),
    rows,
    expected,
    refused,
    findings,
  }

  async function project(row: Record<string, string | null>): Promise<void> {
    try {
      const { key, value, timestamp } = toRawUser(row)
      const bytes = serdes.value.encode(value)
      await serdes.value.ready?.([bytes])
      expected.add(key, timestamp, serdes.value.decode(bytes) as Record<string, unknown>)
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'REJECTED') throw error
      refused.add(row.id!)
    }
  }
}

/** While a capture runs, waits until it has passed what was committed when this began. */
export async function captureCaughtUp(database: Database, wait: number): Promise<void> {
  const begun = Date.now()
  const [now] = await database.query<{ lsn: string }>(
    'read the WAL position',
    'SELECT pg_current_wal_lsn() AS lsn',
  )
  while (Date.now() - begun < wait) {
    const [row] = await database.query<{ done: boolean }>(
      'read the position of the capture',
      `SELECT coalesce(bool_and(NOT s.active OR s.confirmed_flush_lsn >= $2::pg_lsn), true) AS done
       FROM pg_replication_slots s WHERE s.slot_name = $1`,
      [usersRawCapture.slot, now?.lsn],
    )
    if (row?.done) return
    await delay(200)
  }
}

/** Staging ids in capture's dead letters, against those that should be there. */
export async function compareCaptureLetters(broker: Broker, refused: ReadonlySet<string>) {
  const hop = usersRawCapture.deadLetterTopic
  const actual = new Set<string>()
  let records = 0
  await eachBatch(broker, await rangesOf(broker, hop), (batch) => {
    for (const record of batch) {
      records++
      actual.add(String(headerOf(record.headers, 'millrace.dlq.id')))
    }
  })
  return { hop, records, keys: actual.size, findings: compareSets(hop, refused, actual) }
}

export async function readTable(reader: TableReader, target: TableTarget): Promise<KeyTable> {
  const columns = Object.keys(target.columns)
  const table = new KeyTable(columns)
  for await (const { value } of reader.readTable(target)) table.add(rowKey(target, value), 0, value)
  return table
}

export function rowKey(target: TableTarget, value: Readonly<Record<string, unknown>>): string {
  return target.key.map((column) => String(value[column])).join('/')
}

export const RAW_TOPIC = usersRaw.name
