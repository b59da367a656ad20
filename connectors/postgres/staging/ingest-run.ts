import type { Connection, Database } from '../connection.ts'

/** `skipped`: an interval that was too far back to be made up for. */
export type RunState = 'running' | 'succeeded' | 'failed' | 'skipped'

/** By whom a run was created: `manual` is `ingest --once`, Airflow's included. */
export type RunType = 'scheduled' | 'backfill' | 'manual'

/** A row of `millrace.ingest_runs`. */
export interface IngestRun {
  readonly runId: string
  readonly runType: RunType
  readonly logicalTime: Date
  /** The interval it is for; null for a run by hand. */
  readonly dueAt: Date | null
  readonly state: RunState
  /** How often it was begun: 1 and once more after each failure. 0 when skipped. */
  readonly attempts: number
  readonly source: string
  readonly seed: string
  readonly firstPage: number
  readonly pageSize: number
  readonly pages: number
  readonly pagesDone: number
  readonly requested: number
  readonly fetched: number
  readonly staged: number
  readonly duplicates: number
  readonly asText: number
  readonly retries: number
  readonly error: string | null
  /** When the latest attempt began. */
  readonly startedAt: Date
  readonly finishedAt: Date | null
}

/** What a run is to fetch. What is left out is decided when the run is created. */
export interface RunRequest {
  /** Resumes the run of this name, or creates it. Default: a run left unfinished that fits, else a new name. */
  readonly runId?: string | undefined
  /** Default: `manual`. */
  readonly runType?: RunType | undefined
  readonly logicalTime: Date
  /** The interval of a schedule that it is for: its run is resumed, whatever its name; there is never a second one. */
  readonly dueAt?: Date | undefined
  readonly source: string
  readonly seed: string
  /** Users a page. */
  readonly pageSize: number
  /** Default: the page after the last one fetched with this seed and page size. */
  readonly firstPage?: number | undefined
  readonly pages: number
}

const COLUMNS = `run_id as "runId", run_type as "runType", logical_time as "logicalTime", due_at as "dueAt", state, attempts,
  source, seed, first_page as "firstPage",
  page_size as "pageSize", pages, pages_done as "pagesDone", requested::float8, fetched::float8, staged::float8,
  duplicates::float8, as_text::float8 as "asText", retries::float8, error,
  started_at as "startedAt", finished_at as "finishedAt"`

/** The latest runs, newest first. */
export function listRuns(database: Database, limit: number): Promise<IngestRun[]> {
  return database.query<IngestRun>(
    'read the run history',
    `select ${COLUMNS} from millrace.ingest_runs order by coalesce(due_at, started_at) desc, run_id limit $1`,
    [limit],
  )
}

export async function findDue(connection: Connection, dueAt: Date): Promise<IngestRun | undefined> {
  const { rows } = await connection.query<IngestRun>(
    `select ${COLUMNS} from millrace.ingest_runs where due_at = $1`,
    [dueAt],
  )
  return rows[0]
}

export async function findRun(connection: Connection, runId: string): Promise<IngestRun | undefined> {
  const { rows } = await connection.query<IngestRun>(
    `select ${COLUMNS} from millrace.ingest_runs where run_id = $1`,
    [runId],
  )
  return rows[0]
}

/** Runs marked as running that fetch what is asked for, oldest first. Whether they still run, their lock tells. */
export async function findRunning(
  connection: Connection,
  request: RunRequest,
): Promise<readonly IngestRun[]> {
  const { rows } = await connection.query<IngestRun>(
    `select ${COLUMNS} from millrace.ingest_runs
      where state = 'running' and seed = $1 and page_size = $2 and pages = $3 and first_page = coalesce($4, first_page)
      order by started_at, run_id`,
    [request.seed, request.pageSize, request.pages, request.firstPage ?? null],
  )
  return rows
}

/**
 * The page after all those fetched with this seed and page size, or promised: to a run that is running, and to one of
 * an interval, which is made up for when it failed. Two callers at a time would get the same: hold the creation lock.
 */
const NEXT_PAGE = `(select coalesce(max(first_page +
    case when state = 'running' or due_at is not null then pages else pages_done end), 1)
  from millrace.ingest_runs where seed = $4 and page_size = $5)`

/** Creates the run. What noted it as skipped makes way for it. */
export async function createRun(
  connection: Connection,
  runId: string,
  request: RunRequest,
): Promise<IngestRun> {
  await connection.query(`select pg_advisory_xact_lock(hashtextextended('millrace new ingest run', 0))`)
  await connection.query(`delete from millrace.ingest_runs where run_id = $1 and state = 'skipped'`, [runId])
  const { rows } = await connection.query<IngestRun>(
    `insert into millrace.ingest_runs
       (run_id, logical_time, source, seed, page_size, first_page, pages, due_at, run_type, state)
     values ($1, $2, $3, $4, $5, coalesce($6, ${NEXT_PAGE}), $7, $8, $9, 'running') returning ${COLUMNS}`,
    [
      runId,
      request.logicalTime,
      request.source,
      request.seed,
      request.pageSize,
      request.firstPage ?? null,
      request.pages,
      request.dueAt ?? null,
      request.runType ?? 'manual',
    ],
  )
  return rows[0]!
}

export interface Progress {
  readonly fetched: number
  readonly staged: number
  readonly duplicates: number
  readonly asText: number
  readonly retries: number
}

/** Counts one more page; undefined if another process has moved the run on, which must undo this transaction. */
export async function advanceRun(
  connection: Connection,
  run: IngestRun,
  page: Progress,
): Promise<IngestRun | undefined> {
  const { rows } = await connection.query<IngestRun>(
    `update millrace.ingest_runs set pages_done = pages_done + 1, fetched = fetched + $3, staged = staged + $4,
       duplicates = duplicates + $5, as_text = as_text + $6, retries = retries + $7
      where run_id = $1 and state = 'running' and pages_done = $2 returning ${COLUMNS}`,
    [run.runId, run.pagesDone, page.fetched, page.staged, page.duplicates, page.asText, page.retries],
  )
  return rows[0]
}

/** Goes on with a run that has failed: one more attempt. */
export async function resumeRun(connection: Connection, runId: string): Promise<IngestRun> {
  const { rows } = await connection.query<IngestRun>(
    `update millrace.ingest_runs set state = 'running', attempts = attempts + 1, error = null,
       started_at = now(), finished_at = null
      where run_id = $1 returning ${COLUMNS}`,
    [runId],
  )
  return rows[0]!
}

export async function finishRun(
  connection: Connection,
  runId: string,
  state: 'succeeded' | 'failed',
  error: string | null,
): Promise<IngestRun> {
  const { rows } = await connection.query<IngestRun>(
    `update millrace.ingest_runs set state = $2, error = $3, finished_at = now()
      where run_id = $1 returning ${COLUMNS}`,
    [runId, state, error],
  )
  return rows[0]!
}
