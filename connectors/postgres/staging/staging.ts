import { randomBytes } from 'node:crypto'
import { MillraceError } from '../../../lib/errors.ts'
import { type Connection, type Database, transactionOn } from '../connection.ts'
import { databaseError, sqlState } from '../database-error.ts'
import {
  advanceRun,
  createRun,
  findDue,
  findRun,
  findRunning,
  finishRun,
  type IngestRun,
  type RunRequest,
  resumeRun,
} from './ingest-run.ts'
import { lockRun, noticeDeadPeers, unlockRun } from './run-lock.ts'
import { stageElements } from './staged-page.ts'

const UNIQUE_VIOLATION = '23505'

/** A page as the API gave it: each element's JSON text. */
export interface FetchedPage {
  readonly elements: readonly string[]
  /** Milliseconds since 1970 UTC. */
  readonly fetchedAt: number
  readonly retries: number
}

/** A run that this process alone works on, until it is released or its connection ends. */
export interface ClaimedRun {
  /** As it stands now. A run claimed by name may have succeeded already. */
  readonly run: IngestRun
  /**
   * Stages the run's next page and counts it, in one transaction: after a crash the run goes on with the page that
   * was not counted, so nothing is lost and nothing staged twice. Rejects with `FENCED` if another process has
   * moved the run on.
   */
  stage(page: FetchedPage): Promise<IngestRun>
  finish(state: 'succeeded' | 'failed', error?: string): Promise<IngestRun>
  /** Gives the run up as it is; a `running` one is resumed by whoever claims next. May be called again. */
  release(): void
}

export interface Staging {
  /**
   * Resumes the run that `request` names, or one that fits and whose process has died, else creates one. Rejects
   * with `FENCED` when a live process works on the named run.
   */
  claim(request: RunRequest): Promise<ClaimedRun>
}

export function openStaging(database: Database): Staging {
  return {
    async claim(request) {
      const session = await database.session('claim an ingest run')
      const guarded = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
        try {
          return await work()
        } catch (error) {
          throw databaseError(error, doing, database.server)
        }
      }
      try {
        const run = await guarded('claim an ingest run', () => claimOn(session, request))
        return claimedRun(
          session,
          run,
          guarded,
          once(() => session.release(true)),
        )
      } catch (error) {
        session.release(true)
        throw error
      }
    },
  }
}

function claimedRun(
  session: Connection,
  claimed: IngestRun,
  guarded: <T>(doing: string, work: () => Promise<T>) => Promise<T>,
  release: () => void,
): ClaimedRun {
  let run = claimed
  const change = async (doing: string, work: () => Promise<IngestRun>): Promise<IngestRun> => {
    run = await guarded(doing, () => transactionOn(session, work))
    return run
  }
  return {
    get run() {
      return run
    },
    stage: (page) => change('stage a page', () => stagePage(session, run, page)),
    finish: (state, error) =>
      change('finish a run', () => finishRun(session, run.runId, state, error ?? null)),
    release,
  }
}

async function stagePage(session: Connection, run: IngestRun, page: FetchedPage): Promise<IngestRun> {
  const counts = await stageElements(session, run.runId, page.elements, page.fetchedAt)
  const fetched = page.elements.length
  const advanced = await advanceRun(session, run, { ...counts, fetched, retries: page.retries })
  if (advanced === undefined) throw takenOver(run.runId)
  return advanced
}

async function claimOn(session: Connection, request: RunRequest): Promise<IngestRun> {
  await noticeDeadPeers(session)
  if (request.dueAt !== undefined) return claimDue(session, request.dueAt, request)
  if (request.runId !== undefined) return claimNamed(session, request.runId, request)
  return (await claimOrphan(session, request)) ?? claimNamed(session, newRunId(request.logicalTime), request)
}

/** One run for an interval, whoever asks: the scheduler, a backfill or Airflow. */
async function claimDue(session: Connection, dueAt: Date, request: RunRequest): Promise<IngestRun> {
  const name = async () => (await findDue(session, dueAt))?.runId
  const runId = (await name()) ?? request.runId ?? dueAt.toISOString()
  try {
    return await claimNamed(session, runId, request)
  } catch (error) {
    // Somebody else has created it under another name in this moment.
    const other = sqlState(error) === UNIQUE_VIOLATION ? await name() : undefined
    if (other === undefined) throw error
    return claimNamed(session, other, request)
  }
}

async function claimNamed(session: Connection, runId: string, request: RunRequest): Promise<IngestRun> {
  if (!(await lockRun(session, runId))) throw takenOver(runId)
  const found = await findRun(session, runId)
  if (found === undefined || found.state === 'skipped') {
    const dueAt = request.dueAt ?? found?.dueAt ?? undefined
    return transactionOn(session, () => createRun(session, runId, { ...request, dueAt }))
  }
  return found.state === 'failed' ? resumeRun(session, runId) : found
}

/** A run left `running` by a process that is gone. */
async function claimOrphan(session: Connection, request: RunRequest): Promise<IngestRun | undefined> {
  for (const { runId } of await findRunning(session, request)) {
    if (!(await lockRun(session, runId))) continue
    const run = await findRun(session, runId)
    if (run?.state === 'running') return run
    await unlockRun(session, runId)
  }
  return undefined
}

function newRunId(logicalTime: Date): string {
  return `${logicalTime.toISOString()}-${randomBytes(3).toString('hex')}`
}

function takenOver(runId: string): MillraceError {
  return new MillraceError(
    'FENCED',
    `another process works on ingest run ${runId}: let it finish, or give this one a --run-id of its own`,
    { retriable: true },
  )
}

function once(action: () => void): () => void {
  let done = false
  return () => {
    if (!done) action()
    done = true
  }
}
