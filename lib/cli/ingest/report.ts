import { SingleBar } from 'cli-progress'
import type { IngestRun } from '../../../connectors/postgres/staging/ingest-run.ts'

/** Shows how far a run is: a bar on a terminal, a line per page elsewhere. */
export function ingestProgress(stream: NodeJS.WriteStream): (run: IngestRun) => void {
  return stream.isTTY ? bar(stream) : (run) => void stream.write(`${lineOf(run)}\n`)
}

/** One line for the end of a run. */
export function summaryOf(run: IngestRun): string {
  const counts = `${run.fetched} fetched, ${run.staged} staged, ${run.duplicates} duplicates, ${run.retries} retries`
  const cure = run.state === 'running' ? '; start it again to go on' : ''
  return `ingest run ${run.runId} ${run.state === 'running' ? 'stopped' : run.state}: ${counts}${cure}`
}

function lineOf(run: IngestRun): string {
  return `ingest run ${run.runId}: page ${run.pagesDone} of ${run.pages}, ${run.staged} users staged`
}

function bar(stream: NodeJS.WriteStream): (run: IngestRun) => void {
  const format = 'ingest {bar} {value}/{total} pages, {staged} users staged, {eta_formatted} left'
  const shown = new SingleBar({ stream, format, hideCursor: true })
  return (run) => {
    if (!shown.isActive) shown.start(run.pages, run.pagesDone, { staged: run.staged })
    shown.update(run.pagesDone, { staged: run.staged })
    if (run.pagesDone === run.pages) shown.stop()
  }
}

/** How far a backfill is: a bar on a terminal; elsewhere each interval has its line in the log. */
export function intervalProgress(stream: NodeJS.WriteStream, total: number) {
  if (!stream.isTTY || total === 0) return { passed: () => {}, stop: () => {} }
  const format = 'backfill {bar} {value}/{total} intervals, {eta_formatted} left'
  const shown = new SingleBar({ stream, format, hideCursor: true })
  shown.start(total, 0)
  return { passed: () => shown.increment(), stop: () => shown.stop() }
}
