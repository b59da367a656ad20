import type { Capture } from '../../../connectors/postgres/capture/capture.ts'
import type { Database } from '../../../connectors/postgres/connection.ts'
import type { IngestRun } from '../../../connectors/postgres/staging/ingest-run.ts'
import userInsights from '../../../topologies/user-insights.ts'
import type { Admin } from '../../admin/server.ts'
import { DeployedWorker } from '../../deployed/deployed-worker.ts'
import { ingestBySchedule, SCHEDULE_DEFAULTS, scheduleOf } from '../ingest/by-schedule.ts'
import { type Ingester, ingester } from '../ingest/ingester.ts'
import { ingestProgress, summaryOf } from '../ingest/report.ts'
import { openUsersRawCapture, PIPELINE_VARIABLES } from '../pipeline.ts'
import type { Connected } from '../servers/connect.ts'
import { stateDirectory } from '../state-directory.ts'
import { type Shown, showHops } from './live-view.ts'
import { arrived } from './once.ts'
import { hopCounts, type IngestTally, ingestTally, statusOf } from './view.ts'

export const UP_VARIABLES = [
  ...PIPELINE_VARIABLES,
  'RANDOM_USER_URL',
  'RANDOM_USER_RESULTS',
  'RANDOM_USER_SEED',
  'INGEST_SCHEDULE',
  'INGEST_TIMEZONE',
] as const

/** How long what is staged may take to come through when asked to stop: a part of the ten seconds there are. */
const DRAIN_MS = 5000

export interface Hops {
  readonly environment: Connected<(typeof UP_VARIABLES)[number]>
  readonly database: Database
  readonly capture: Capture
  readonly worker: DeployedWorker
  readonly ingest: Ingester
  readonly tally: IngestTally
}

interface Flags {
  readonly once?: boolean
  readonly json?: boolean
}

/** Undefined where `asked` has aborted while the worker waited for its turn. */
export async function openHops(
  environment: Hops['environment'],
  database: Database,
  admin: Admin | undefined,
  asked: AbortSignal,
): Promise<Hops | undefined> {
  const { settings, log } = environment
  const capture = await openUsersRawCapture({
    databaseUrl: settings.DATABASE_URL,
    environment,
    heartbeatMs: 1000,
  })
  try {
    const stateDir = stateDirectory(process.env)
    const endpoint = admin?.endpoint
    const worker = await DeployedWorker.start(
      { topology: userInsights, environment, stateDir, endpoint },
      asked,
    )
    if (worker === undefined) {
      await capture.close()
      return undefined
    }
    const { name } = userInsights
    admin?.add({ topology: name, application: name, view: worker.worker.view })
    const source = {
      url: settings.RANDOM_USER_URL,
      seed: settings.RANDOM_USER_SEED,
      pageSize: settings.RANDOM_USER_RESULTS,
      pages: 1,
    }
    const tally = ingestTally()
    const tell = process.stderr.isTTY ? undefined : ingestProgress(process.stderr)
    const onProgress = (run: IngestRun) => {
      tally.note(run)
      tell?.(run)
    }
    return {
      environment,
      database,
      capture,
      worker,
      ingest: ingester(database, source, log, onProgress),
      tally,
    }
  } catch (error) {
    await capture.close()
    throw error
  }
}

/**
 * Ingest, capture and worker side by side, until `asked` aborts, or with `once` until one run has arrived. Then the
 * hops end in their order: what is staged comes through first. One that fails ends the others.
 */
export async function runHops(hops: Hops, flags: Flags, asked: AbortSignal): Promise<'arrived' | 'stopped'> {
  const { environment, database, capture, worker } = hops
  const stop = new AbortController()
  const halt = () => stop.abort()
  stop.signal.addEventListener('abort', () => void worker.stop(), { once: true })
  const ended = new AbortController()
  const view = flags.json
    ? undefined
    : showHops(process.stdout, shown(hops, flags, asked, ended.signal), ended.signal)
  const ingest = async () => {
    await ingesting(hops, flags, AbortSignal.any([asked, stop.signal]))
    const limit = asked.aborted ? AbortSignal.timeout(DRAIN_MS) : asked
    const signal = AbortSignal.any([limit, stop.signal])
    await arrived(
      { database, capture, worker, admin: environment.broker.admin, once: flags.once === true },
      signal,
    )
  }
  const outcomes = await Promise.allSettled([
    capture.run(stop.signal).finally(halt),
    worker.done.finally(halt),
    ingest()
      .catch((error: unknown) => {
        // Cut short, what is under way is done again by the next start.
        if (!asked.aborted) throw error
      })
      .finally(halt),
  ])
  ended.abort()
  await view
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
  return flags.once && !asked.aborted ? 'arrived' : 'stopped'
}

async function ingesting(hops: Hops, flags: Flags, signal: AbortSignal): Promise<void> {
  const { environment, database, ingest } = hops
  const { settings, log } = environment
  if (!flags.once) {
    const said = { schedule: scheduleOf(settings), ...SCHEDULE_DEFAULTS }
    return ingestBySchedule(database, ingest, said, log, signal)
  }
  const run = await ingest({}, signal)
  log.info({ run: run.runId }, summaryOf(run))
}

function shown(hops: Hops, flags: Flags, asked: AbortSignal, ended: AbortSignal): () => Shown {
  const { environment, capture, worker, tally } = hops
  const schedule = flags.once ? undefined : scheduleOf(environment.settings)
  const status = () => {
    if (ended.aborted) return asked.aborted ? 'stopped; the next start goes on from here' : 'ended'
    return statusOf(tally, schedule, asked.aborted)
  }
  return () => ({ hops: hopCounts(tally, capture, worker.worker), status: status() })
}
