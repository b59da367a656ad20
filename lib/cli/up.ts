import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import { randomUserClient } from '../../connectors/http/random-user-client.ts'
import type { Capture } from '../../connectors/postgres/capture/capture.ts'
import { type Database, openDatabase } from '../../connectors/postgres/connection.ts'
import { openStaging } from '../../connectors/postgres/staging.ts'
import { runIngest } from '../../topologies/user-ingest.ts'
import userInsights from '../../topologies/user-insights.ts'
import { usersRaw } from '../../topologies/users-raw.ts'
import { endsOf, reached } from '../runtime/caught-up.ts'
import { onShutdown } from '../runtime/shutdown.ts'
import { startWorker } from '../runtime/worker.ts'
import { applyAll } from './apply.ts'
import { type Config, config } from './config.ts'
import { type Connected, connect } from './connect.ts'
import { ingestProgress, summaryOf } from './ingest-report.ts'
import { logger } from './log.ts'
import { print } from './outcome.ts'
import { openUsersRawCapture, PIPELINE_VARIABLES, pipelineResources } from './pipeline.ts'

const VARIABLES = [
  ...PIPELINE_VARIABLES,
  'RANDOM_USER_URL',
  'RANDOM_USER_RESULTS',
  'RANDOM_USER_SEED',
] as const

export function upCommand(): Command {
  return new Command('up')
    .description(
      'all hops in one process: apply, one ingest run, capture and topology, until SIGTERM or Ctrl-C',
    )
    .option('--once', 'end when the run has arrived in every table')
    .option('--json', 'print the final counts as JSON')
    .addHelpText('after', `\nEnvironment: ${VARIABLES.join(', ')}`)
    .action(up)
}

interface Pipeline {
  readonly settings: Config<(typeof VARIABLES)[number]>
  readonly environment: Connected
  readonly database: Database
  /** Aborted by the first signal, or by the first hop that fails. */
  readonly stop: AbortController
}

async function up(flags: { once?: boolean; json?: boolean }): Promise<void> {
  const settings = config(VARIABLES)
  const environment = await connect(settings, logger('up'))
  const database = openDatabase(settings.DATABASE_URL, { name: 'millrace up' })
  const stop = new AbortController()
  onShutdown((signal) => {
    environment.log.info({ signal }, 'draining')
    stop.abort()
  })
  const pipeline: Pipeline = { settings, environment, database, stop }
  try {
    await applyAll(pipelineResources(environment, database), ({ kind, name }) =>
      environment.log.info({ kind, name }, 'created'),
    )
    const counts = await runHops(pipeline, flags.once ?? false)
    if (flags.json) print(counts)
  } finally {
    await Promise.allSettled([database.close(), environment.close()])
  }
}

/** Ingest, capture and worker side by side; whichever fails stops the others. */
async function runHops(pipeline: Pipeline, once: boolean): Promise<unknown> {
  const { settings, environment, stop } = pipeline
  const capture = await openUsersRawCapture({
    databaseUrl: settings.DATABASE_URL,
    environment,
    heartbeatMs: 1000,
  })
  const worker = await startWorker({ topology: userInsights, environment }).catch(async (error: unknown) => {
    await capture.close()
    throw error
  })
  const halt = () => stop.abort()
  const capturing = capture.run(stop.signal).finally(halt)
  const working = worker.done.finally(halt)
  stop.signal.addEventListener('abort', () => void worker.stop(), { once: true })
  const flowing = flow(pipeline, capture, once).catch((error: unknown) => {
    const asked = stop.signal.aborted
    halt()
    if (!asked) throw error
  })
  const outcomes = await Promise.allSettled([flowing, capturing, working])
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
  return { capture: capture.status, 'user-insights': worker.counters.snapshot() }
}

/** One ingest run; with `once`, waits until all of it has arrived, and ends everything. */
async function flow(pipeline: Pipeline, capture: Capture, once: boolean): Promise<void> {
  const { environment, settings, database, stop } = pipeline
  const run = await runIngest({
    source: randomUserClient({ url: settings.RANDOM_USER_URL }),
    staging: openStaging(database),
    seed: settings.RANDOM_USER_SEED,
    pageSize: settings.RANDOM_USER_RESULTS,
    pages: 1,
    signal: stop.signal,
    onProgress: ingestProgress(process.stderr),
  })
  environment.log.info({ run: run.runId }, summaryOf(run))
  if (!once || stop.signal.aborted) return
  await captured(database, capture, stop.signal)
  const ends = await endsOf(environment.broker.admin, [usersRaw.name])
  await reached(environment.broker.admin, userInsights.name, ends, stop.signal)
  stop.abort()
}

/** Resolves when all that was committed in PostgreSQL until now is in Kafka. */
async function captured(database: Database, capture: Capture, signal: AbortSignal): Promise<void> {
  const [now] = await database.query<{ lsn: string }>(
    'read the WAL position',
    'SELECT pg_current_wal_lsn() AS lsn',
  )
  while (!signal.aborted) {
    const [row] = await database.query<{ passed: boolean }>(
      'compare WAL positions',
      'SELECT $1::pg_lsn >= $2::pg_lsn AS passed',
      [capture.status.position ?? '0/0', now?.lsn],
    )
    if (row?.passed) return
    await delay(100, undefined, { signal }).catch(() => {})
  }
}
