import { randomUserClient } from '../../../connectors/http/random-user-client.ts'
import type { Database } from '../../../connectors/postgres/connection.ts'
import type { IngestRun, RunRequest } from '../../../connectors/postgres/staging/ingest-run.ts'
import { openStaging } from '../../../connectors/postgres/staging/staging.ts'
import { runIngest } from '../../../topologies/user-ingest.ts'
import { messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'

export interface IngestSource {
  readonly url: string
  readonly seed: string
  /** Users a page. */
  readonly pageSize: number
  readonly pages: number
  readonly firstPage?: number | undefined
}

/** Does one run: the named one, the one of an interval, or a new one. Rejects when the API gives up on us. */
export type Ingester = (
  which: Partial<Pick<RunRequest, 'runId' | 'runType' | 'dueAt'>>,
  signal: AbortSignal,
) => Promise<IngestRun>

export function ingester(
  database: Database,
  from: IngestSource,
  log: Logger,
  onProgress?: (run: IngestRun) => void,
): Ingester {
  const source = randomUserClient({
    url: from.url,
    onRetry: (why, pauseMs) => log.warn({ pauseMs }, `the API gave no page, trying again: ${why}`),
  })
  const staging = openStaging(database)
  return (which, signal) =>
    runIngest({
      ...from,
      ...which,
      source,
      staging,
      logicalTime: which.dueAt,
      signal,
      onProgress,
      onRetry: (error) => log.warn({}, `waiting: ${messageOf(error)}`),
    })
}
