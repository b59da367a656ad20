import type { Connection, Database } from '../../../connectors/postgres/connection.ts'
import { toRawUser, usersRaw } from '../../../topologies/users-raw.ts'
import { MillraceError } from '../../errors.ts'
import type { TopicSerdes } from '../../operators/sink.ts'
import { columnsOf } from '../../verify/columns.ts'
import type { Finding } from '../../verify/compare.ts'
import { KeyTable } from '../../verify/key-table.ts'

/** Staging as one transaction sees it, and what capture must make of it. */
export interface Staged {
  /** Elements that the API returned, by the run history. */
  readonly fetched: number
  readonly rows: number
  readonly ids: ReadonlySet<string>
  /** What should be in `users.raw`. */
  readonly expected: KeyTable
  /** Ids of rows that can't be keyed or encoded. */
  readonly refused: ReadonlySet<string>
  /** Runs with fewer rows, or more, than the API returned to them. */
  readonly findings: readonly Finding[]
  /** A position in the WAL behind all these rows. */
  readonly position: string
}

type StagedRow = Readonly<Record<'id' | 'run_id' | 'payload' | 'fetched_at', string | null>>

const PAGE = 2000

/** Reads run history and staging in one snapshot, so that an ingest may go on meanwhile. */
export function readStaging(database: Database, serdes: TopicSerdes): Promise<Staged> {
  return database.transaction('read staging', async (connection) => {
    await connection.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const runs = await connection.query<{ run_id: string; fetched: string }>(
      'SELECT run_id, fetched FROM millrace.ingest_runs',
    )
    const { rows: positions } = await connection.query<{ position: string }>(
      'SELECT pg_current_wal_insert_lsn() AS position',
    )
    const expected = new KeyTable(columnsOf(usersRaw.value))
    const ids = new Set<string>()
    const refused = new Set<string>()
    const rowsByRun = new Map<string, number>()
    for await (const row of stagedRows(connection)) {
      ids.add(row.id!)
      rowsByRun.set(row.run_id!, (rowsByRun.get(row.run_id!) ?? 0) + 1)
      if (!(await addExpected(expected, serdes, row))) refused.add(row.id!)
    }
    const fetched = new Map(runs.rows.map((run) => [run.run_id, Number(run.fetched)]))
    return {
      fetched: [...fetched.values()].reduce((sum, count) => sum + count, 0),
      rows: ids.size,
      ids,
      expected,
      refused,
      findings: runFindings(fetched, rowsByRun),
      position: positions[0]!.position,
    }
  })
}

async function* stagedRows(connection: Connection): AsyncGenerator<StagedRow> {
  for (let last = '0'; ; ) {
    const { rows } = await connection.query<StagedRow>(
      `SELECT id::text, run_id, payload::text,
         to_char(fetched_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS') || '+00' AS fetched_at
       FROM staging.random_users AS staged WHERE staged.id > $1 ORDER BY staged.id LIMIT ${PAGE}`,
      [last],
    )
    yield* rows
    if (rows.length < PAGE) return
    last = rows.at(-1)!.id!
  }
}

/** False if capture has to refuse the row. */
async function addExpected(table: KeyTable, { value }: TopicSerdes, row: StagedRow): Promise<boolean> {
  try {
    const raw = toRawUser(row)
    const bytes = value.encode(raw.value)
    await value.ready?.([bytes])
    table.add(raw.key, raw.timestamp, value.decode(bytes) as Record<string, unknown>)
    return true
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'REJECTED') return false
    throw error
  }
}

function runFindings(fetched: ReadonlyMap<string, number>, staged: ReadonlyMap<string, number>): Finding[] {
  return [...new Set([...fetched.keys(), ...staged.keys()])].flatMap((run): Finding[] => {
    const missing = (fetched.get(run) ?? 0) - (staged.get(run) ?? 0)
    if (missing === 0) return []
    return [{ hop: 'staging', key: `run ${run}`, kind: missing > 0 ? 'missing' : 'too many' }]
  })
}
