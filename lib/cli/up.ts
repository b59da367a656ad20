import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import type { Capture } from '../../connectors/postgres/capture/capture.ts'
import { type Database, openDatabase } from '../../connectors/postgres/connection.ts'
import { usersById } from '../../topologies/insight/tables.ts'
import userInsights from '../../topologies/user-insights.ts'
import { usersRaw } from '../../topologies/users-raw.ts'
import { endsOf, reached } from '../runtime/caught-up.ts'
import { onShutdown } from '../runtime/shutdown.ts'
import { startWorker, type Worker } from '../runtime/worker.ts'
import { applyAll } from './apply.ts'
import { type Connected, connect, type ServerFlags, withServers } from './connect.ts'
import { summaryOf } from './ingest-report.ts'
import { type Ingester, ingester } from './ingest-run.ts'
import { ingestBySchedule, SCHEDULE_DEFAULTS, scheduleOf } from './ingest-schedule.ts'
import { type HopCounts, showHops } from './live-view.ts'
import { print, table } from './outcome.ts'
import { openUsersRawCapture, PIPELINE_VARIABLES, pipelineResources } from './pipeline.ts'
import { verify } from './verify.ts'
import { textOf } from './verify-text.ts'

const VARIABLES = [
  ...PIPELINE_VARIABLES,
  'RANDOM_USER_URL',
  'RANDOM_USER_RESULTS',
  'RANDOM_USER_SEED',
  'INGEST_SCHEDULE',
  'INGEST_TIMEZONE',
] as const

interface Flags extends ServerFlags {
  readonly once?: boolean
  readonly json?: boolean
}

export function upCommand(): Command {
  return withServers(new Command('up'))
    .description('all hops in one process: apply, then ingest by schedule, capture and process, until Ctrl-C')
    .option('--once', 'one ingest run through to the verified end')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', `\nEnvironment: ${VARIABLES.join(', ')}; none of the servers': embedded`)
    .action(up)
}

interface Pipeline {
  readonly environment: Connected<(typeof VARIABLES)[number]>
  readonly database: Database
  readonly capture: Capture
  readonly worker: Worker
  readonly ingest: Ingester
  /** Aborted by the first signal, or by the first hop that ends. */
  readonly stop: AbortController
}

async function up(flags: Flags): Promise<void> {
  const stop = new AbortController()
  onShutdown(() => stop.abort())
  const environment = await connect(VARIABLES, 'up', flags)
  const database = openDatabase(environment.settings.DATABASE_URL, { name: 'millrace up' })
  try {
    await applyAll(pipelineResources(environment, database), ({ kind, name }) =>
      environment.log.info({ kind, name }, 'created'),
    )
    if (stop.signal.aborted) return
    await runHops(await open(environment, database, stop), flags)
    if (flags.once && !stopped(stop)) await confirm(environment, database, flags.json === true)
  } finally {
    await database.close()
    await environment.close()
  }
}

/** Set as the reason when the run of `--once` has arrived: no signal, but the end. */
const ARRIVED = 'arrived'

function stopped({ signal }: AbortController): boolean {
  return signal.reason !== ARRIVED
}

async function open(
  environment: Pipeline['environment'],
  database: Database,
  stop: AbortController,
): Promise<Pipeline> {
  const { settings, log } = environment
  const capture = await openUsersRawCapture({
    databaseUrl: settings.DATABASE_URL,
    environment,
    heartbeatMs: 1000,
  })
  try {
    const worker = await startWorker({ topology: userInsights, environment })
    const source = {
      url: settings.RANDOM_USER_URL,
      seed: settings.RANDOM_USER_SEED,
      pageSize: settings.RANDOM_USER_RESULTS,
      pages: 1,
    }
    return { environment, database, capture, worker, ingest: ingester(database, source, log), stop }
  } catch (error) {
    await capture.close()
    throw error
  }
}

/** Ingest, capture and worker side by side; whichever ends stops the others. */
async function runHops(pipeline: Pipeline, flags: Flags): Promise<void> {
  const { capture, worker, stop } = pipeline
  const { signal } = stop
  const halt = () => stop.abort()
  if (signal.aborted) void worker.stop()
  else signal.addEventListener('abort', () => void worker.stop(), { once: true })
  const view = flags.json ? undefined : showHops(process.stdout, () => countsOf(pipeline), signal)
  const outcomes = await Promise.allSettled([
    capture.run(signal).finally(halt),
    worker.done.finally(halt),
    (flags.once ? once(pipeline) : bySchedule(pipeline)).catch((error: unknown) => {
      const asked = signal.aborted
      halt()
      if (!asked) throw error
    }),
  ])
  await view
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

function countsOf({ capture, worker }: Pipeline): HopCounts {
  const { counters } = worker
  return [
    [usersRaw.name, capture.status.rows],
    ['users.raw.dlq', capture.status.deadLetters],
    [userInsights.name, counters.get('users', 'records')],
    [userInsights.deadLetters.topic, counters.get('dead-letters', 'written')],
    ['users_by_id', counters.get('users-by-id', 'written')],
    ['users_by_country', counters.get('users-by-country', 'written')],
    ['users.insights', counters.get('insights', 'written')],
  ]
}

function bySchedule({ environment, database, ingest, stop }: Pipeline): Promise<void> {
  const schedule = scheduleOf(environment.settings)
  return ingestBySchedule(database, ingest, { schedule, ...SCHEDULE_DEFAULTS }, environment.log, stop.signal)
}

/** One ingest run; resolves when all of it has arrived. */
async function once(pipeline: Pipeline): Promise<void> {
  const { environment, database, capture, ingest, stop } = pipeline
  const { admin } = environment.broker
  const run = await ingest({}, stop.signal)
  environment.log.info({ run: run.runId }, summaryOf(run))
  await captured(database, capture, stop.signal)
  await reached(admin, userInsights.name, await endsOf(admin, [usersRaw.name]), stop.signal)
  if (!stop.signal.aborted) stop.abort(ARRIVED)
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

const SHOWN = 5

/** What every hop holds, read back from the servers, and some of the rows. */
async function confirm(environment: Connected, database: Database, json: boolean): Promise<void> {
  const report = await verify(environment, database, 10_000)
  process.exitCode = report.exitCode
  if (json) return print(report)
  process.stdout.write(`\n${textOf(report)}\n\n`)
  const columns = ['full_name', 'age_band', 'city', 'country', 'continent', 'currency']
  const rows: string[][] = []
  for await (const { value } of environment.tables.cassandra!.readTable(usersById)) {
    rows.push(columns.map((column) => String(value[column] ?? '')))
    if (rows.length === SHOWN) break
  }
  process.stdout.write(`${table(columns, rows)}\n`)
}
