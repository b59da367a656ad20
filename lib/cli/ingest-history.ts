import type { Database } from '../../connectors/postgres/connection.ts'
import { type IngestRun, listRuns } from '../../connectors/postgres/ingest-run.ts'
import { print, table } from './outcome.ts'

const HEADER = [
  'run',
  'due',
  'state',
  'page',
  'fetched',
  'staged',
  'duplicates',
  'retries',
  'started',
  'seconds',
  'error',
]

/** `millrace ingest --history`: the latest runs, newest first. */
export async function showHistory(database: Database, limit: number, json: boolean): Promise<void> {
  const runs = await listRuns(database, limit)
  if (json) return print(runs)
  process.stdout.write(`${table(HEADER, runs.map(row))}\n`)
}

function row(run: IngestRun): (string | number)[] {
  const pages = run.pages === 1 ? `${run.firstPage}` : `${run.firstPage}-${run.firstPage + run.pages - 1}`
  const ended = run.finishedAt ?? new Date()
  return [
    run.runId,
    run.dueAt === null ? '' : minute(run.dueAt),
    run.state,
    run.state === 'skipped' ? '' : pages,
    run.fetched,
    run.staged,
    run.duplicates,
    run.retries,
    minute(run.startedAt),
    Math.round((ended.getTime() - run.startedAt.getTime()) / 100) / 10,
    run.error ?? '',
  ]
}

function minute(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')}Z`
}
