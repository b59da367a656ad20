import type { Connection, Database } from '../../../connectors/postgres/connection.ts'
import { toRawUser, usersRaw } from '../../../topologies/users-raw.ts'
import { MillraceError } from '../../errors.ts'
import type { TopicSerdes } from '../../operators/sink.ts'
import { BucketedTable } from '../../verify/bucketed-table.ts'
import { columnsOf } from '../../verify/columns.ts'
import type { Finding } from '../../verify/findings.ts'
import { IdSet } from '../../verify/id-set.ts'
import type { Period } from '../../verify/period.ts'
import type { SpillFolder } from '../../verify/spill-folder.ts'
import type { Tell } from './progress.ts'

/** Staging as one transaction sees it, and what capture must make of it. */
export interface Staged {
  /** Elements that the API returned, by the run history. */
  readonly fetched: number
  readonly rows: number
  readonly ids: IdSet
  /** What should be in `users.raw`; the offset of a place is the row's id. */
  readonly expected: BucketedTable
  /** Ids of rows that can't be keyed or encoded. */
  readonly refused: BucketedTable
  /** How many of the rows can. */
  readonly keyed: number
  /** Runs with fewer rows, or more, than the API returned to them. */
  readonly findings: readonly Finding[]
  /** A position in the WAL behind all these rows. */
  readonly position: string
}

type StagedRow = Readonly<Record<'id' | 'run_id' | 'payload' | 'fetched_at', string | null>>

const PAGE = 2000

/** What staging is read for. */
export interface Reading {
  readonly period: Period
  readonly folder: SpillFolder
  readonly tell?: Tell | undefined
}

/** Reads run history and staging in one snapshot, so that an ingest may go on meanwhile. */
export function readStaging(database: Database, serdes: TopicSerdes, reading: Reading): Promise<Staged> {
  const { period, folder, tell } = reading
  return database.transaction('read staging', async (connection) => {
    await connection.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const runs = await readRuns(connection, period)
    const { rows: positions } = await connection.query<{ position: string }>(
      'SELECT pg_current_wal_insert_lsn() AS position',
    )
    const expected = new BucketedTable(columnsOf(usersRaw.value), folder)
    const refused = new BucketedTable([], folder)
    const ids = new IdSet()
    for await (const row of stagedRows(connection, period)) {
      ids.add(Number(row.id))
      tell?.('staging', ids.size)
      if (!(await addExpected(expected, serdes, row))) refused.add(row.id!, 0, {})
    }
    return {
      fetched: runs.reduce((sum, { fetched }) => sum + fetched, 0),
      rows: ids.size,
      ids,
      expected,
      refused,
      keyed: expected.records,
      findings: runs.flatMap(runFindings),
      position: positions[0]!.position,
    }
  })
}

interface Run {
  readonly run: string
  readonly fetched: number
  readonly staged: number
  /** The options with which the same users are fetched again; null where the history does not know the run. */
  readonly again: string | null
}

/** Those that were begun within the period, with all their rows; rows of runs that the history does not know. */
async function readRuns(connection: Connection, period: Period): Promise<Run[]> {
  const { rows } = await connection.query<Record<'run' | 'fetched' | 'staged', string> & Pick<Run, 'again'>>(
    `SELECT coalesce(runs.run_id, staged.run_id) AS run, coalesce(fetched, 0) AS fetched, coalesce(staged.rows, 0) AS staged,
       format('--seed %s --page %s --pages %s --results %s', seed, first_page, pages, page_size) AS again
     FROM millrace.ingest_runs AS runs
     FULL JOIN (SELECT run_id, count(*) AS rows, min(fetched_at) AS first FROM staging.random_users GROUP BY run_id) AS staged
       ON staged.run_id = runs.run_id
     WHERE ${within('coalesce(started_at, staged.first)')}`,
    limits(period),
  )
  return rows.map((run) => ({ ...run, fetched: Number(run.fetched), staged: Number(run.staged) }))
}

/** Of a period's limits as the first two parameters. */
function within(time: string): string {
  return `${time} >= coalesce($1::timestamptz, '-infinity') AND ${time} < coalesce($2::timestamptz, 'infinity')`
}

function limits({ from, to }: Period): (string | null)[] {
  return [from, to].map((time) => (time === undefined ? null : new Date(time).toISOString()))
}

async function* stagedRows(connection: Connection, period: Period): AsyncGenerator<StagedRow> {
  for (let last = '0'; ; ) {
    const { rows } = await connection.query<StagedRow>(
      `SELECT id::text, run_id, payload::text,
         to_char(fetched_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS') || '+00' AS fetched_at
       FROM staging.random_users AS staged
       WHERE ${within('fetched_at')} AND staged.id > $3 ORDER BY staged.id LIMIT ${PAGE}`,
      [...limits(period), last],
    )
    yield* rows
    if (rows.length < PAGE) return
    last = rows.at(-1)!.id!
  }
}

/** False if capture has to refuse the row. */
async function addExpected(table: BucketedTable, { value }: TopicSerdes, row: StagedRow): Promise<boolean> {
  try {
    const raw = toRawUser(row)
    const bytes = value.encode(raw.value)
    await value.ready?.([bytes])
    const decoded = value.decode(bytes) as Record<string, unknown>
    table.add(raw.key, raw.timestamp, decoded, { partition: 0, offset: Number(row.id) })
    return true
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'REJECTED') return false
    throw error
  }
}

function runFindings({ run, fetched, staged, again }: Run): Finding[] {
  if (fetched === staged) return []
  const place = { hop: 'staging', key: `run ${run}` }
  if (fetched > staged) {
    const cause = `${fetched - staged} of its ${fetched} users were staged, and deleted behind us`
    return [{ ...place, kind: 'missing', cause, cure: `fetch it again: millrace ingest --once ${again}` }]
  }
  const cause = `${staged - fetched} rows beyond the ${fetched} that the API returned, which somebody else has written`
  return [{ ...place, kind: 'too many', cause, cure: 'delete by hand what should not be there' }]
}
