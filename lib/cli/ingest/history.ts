import type { Database } from '../../../connectors/postgres/connection.ts'
import { type IngestRun, listRuns } from '../../../connectors/postgres/staging/ingest-run.ts'
import { print, table } from '../outcome.ts'

/** Of a run, as the table shows it. */
const COLUMNS: Readonly<Record<string, (run: IngestRun) => string | number>> = {
  run: ({ runId }) => runId,
  type: ({ runType }) => runType,
  due: ({ dueAt }) => (dueAt === null ? '' : minute(dueAt)),
  state: ({ state }) => state,
  attempts: ({ attempts }) => attempts,
  page: (run) => (run.state === 'skipped' ? '' : pagesOf(run)),
  fetched: ({ fetched }) => fetched,
  staged: ({ staged }) => staged,
  duplicates: ({ duplicates }) => duplicates,
  retries: ({ retries }) => retries,
  started: (run) => (run.state === 'skipped' ? '' : minute(run.startedAt)),
  seconds: (run) => secondsOf(run) ?? '',
  error: ({ error }) => (error ?? '').replace(/\s+/g, ' '),
}

/** What goes first where space is short. */
const LEFT_OUT = ['duplicates', 'retries', 'started', 'fetched', 'type', 'page', 'run', 'attempts', 'seconds']

/** So much of an error is shown before other columns are. */
const LEAST_ERROR = 20

/** `millrace ingest --history`: the latest runs, newest first. */
export async function showHistory(database: Database, limit: number, json: boolean): Promise<void> {
  const runs = await listRuns(database, limit)
  if (json) print(runs.map((run) => ({ ...run, seconds: secondsOf(run) ?? null })))
  else process.stdout.write(`${historyTable(runs, process.stdout.columns)}\n`)
}

/** Fits into `width` characters, by leaving out columns and then cutting errors; without a width it is whole. */
export function historyTable(runs: readonly IngestRun[], width = Number.POSITIVE_INFINITY): string {
  const leftOut = LEFT_OUT.values()
  let names = Object.keys(COLUMNS)
  while (widthOf(tableOf(runs, names, LEAST_ERROR)) > width) {
    const { value: name } = leftOut.next()
    if (name === undefined) break
    names = names.filter((other) => other !== name)
  }
  const lines = tableOf(runs, names).split('\n')
  return lines.map((line) => (line.length > width ? `${line.slice(0, width - 1)}…` : line)).join('\n')
}

function tableOf(runs: readonly IngestRun[], names: readonly string[], longest?: number): string {
  const cell = (run: IngestRun, name: string) => {
    const value = COLUMNS[name]!(run)
    return name === 'error' ? String(value).slice(0, longest) : value
  }
  return table(
    names,
    runs.map((run) => names.map((name) => cell(run, name))),
  )
}

function widthOf(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length))
}

function pagesOf({ firstPage, pages }: IngestRun): string {
  return pages === 1 ? `${firstPage}` : `${firstPage}-${firstPage + pages - 1}`
}

/** Of the latest attempt, to a tenth; until now when it still runs. */
function secondsOf({ state, startedAt, finishedAt }: IngestRun): number | undefined {
  if (state === 'skipped') return undefined
  return Math.round(((finishedAt ?? new Date()).getTime() - startedAt.getTime()) / 100) / 10
}

function minute(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')}Z`
}
