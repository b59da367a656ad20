import type { PageRequest, UserPage, UserSource } from '../connectors/http/random-user-client.ts'
import type { IngestRun, RunRequest } from '../connectors/postgres/staging/ingest-run.ts'
import type { ClaimedRun, Staging } from '../connectors/postgres/staging/staging.ts'
import { retrying } from '../lib/backoff.ts'
import { isRetriable, messageOf } from '../lib/errors.ts'

export interface IngestOptions extends Omit<RunRequest, 'source' | 'logicalTime'> {
  readonly source: UserSource
  readonly staging: Staging
  /** The time for which the run is due. Default: now. */
  readonly logicalTime?: Date | undefined
  /** Stops after the page in hand; the run stays `running`, and the next ingest goes on with it. */
  readonly signal?: AbortSignal | undefined
  /** Told when the run is claimed and after each page. */
  readonly onProgress?: ((run: IngestRun) => void) | undefined
  /** Told when the database is away in mid-run, before waiting for it. */
  readonly onRetry?: ((error: unknown) => void) | undefined
}

/** What became of the pages asked for: the run as it stands, or why the API gives nothing more. */
type Outcome = { readonly run: IngestRun } | { readonly gaveUp: unknown }

/**
 * The first hops of the pipeline: one run that fetches users and stages every element the API returned. A run that
 * was killed goes on where it stopped. While the database is away in mid-run it waits.
 * Resolves with the run: `succeeded`, or `running` if the signal stopped it. Rejects when the API gives nothing
 * more; the run is then marked as failed, and goes on when it is asked for by name.
 */
export async function runIngest(options: IngestOptions): Promise<IngestRun> {
  const request = { ...options, source: options.source.name, logicalTime: options.logicalTime ?? new Date() }
  let begun: string | undefined
  const work = async (): Promise<Outcome> => {
    const claimed = await options.staging.claim({ ...request, runId: begun ?? options.runId })
    begun = claimed.run.runId
    try {
      return await drain(claimed, options)
    } finally {
      claimed.release()
    }
  }
  const outcome = await retrying(work, {
    cap: 5_000,
    when: (error) => begun !== undefined && isRetriable(error),
    onRetry: (error) => options.onRetry?.(error),
    signal: options.signal,
  })
  if ('gaveUp' in outcome) throw outcome.gaveUp
  return outcome.run
}

async function drain(claimed: ClaimedRun, options: IngestOptions): Promise<Outcome> {
  options.onProgress?.(claimed.run)
  if (claimed.run.state !== 'running') return { run: claimed.run }
  const pages = options.source.fetchPages(restOf(claimed.run, options.signal))
  for (;;) {
    if (options.signal?.aborted) return { run: claimed.run }
    let page: IteratorResult<UserPage, void>
    try {
      page = await pages.next()
    } catch (error) {
      if (options.signal?.aborted) return { run: claimed.run }
      await claimed.finish('failed', messageOf(error))
      return { gaveUp: error }
    }
    if (page.done) return { run: await claimed.finish('succeeded') }
    await claimed.stage(page.value)
    options.onProgress?.(claimed.run)
  }
}

function restOf(run: IngestRun, signal: AbortSignal | undefined): PageRequest {
  return {
    seed: run.seed,
    results: run.pageSize,
    page: run.firstPage + run.pagesDone,
    pages: run.pages - run.pagesDone,
    signal,
  }
}
