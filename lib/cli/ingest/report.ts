import { SingleBar } from 'cli-progress'
import type { IngestRun } from '../../../connectors/postgres/staging/ingest-run.ts'
import { leave, paint } from '../up/terminal-block.ts'

const BAR_WIDTH = 40

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
  return ({ pages, pagesDone, staged }) => {
    const done = '='.repeat(Math.round((BAR_WIDTH * pagesDone) / pages))
    // What is logged while the API is waited for goes above.
    paint(stream, [
      `ingest ${done.padEnd(BAR_WIDTH, '-')} ${pagesDone}/${pages} pages, ${staged} users staged`,
    ])
    if (pagesDone === pages) leave()
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
