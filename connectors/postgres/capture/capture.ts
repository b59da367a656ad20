import { setTimeout as delay } from 'node:timers/promises'
import { backoffDelay } from '../../../lib/backoff.ts'
import { isRetriable } from '../../../lib/errors.ts'
import { SILENT } from '../../../lib/log.ts'
import { type Database, openDatabase } from '../connection.ts'
import { databaseError } from '../database-error.ts'
import type { CaptureRun } from './capture-run.ts'
import { takeLease } from './lease.ts'
import type { CaptureOptions, CaptureStatus } from './options.ts'
import { Progress } from './progress.ts'
import { checkCapture } from './resources.ts'
import { captureSnapshot } from './snapshot-stage.ts'
import { captureStream } from './stream-stage.ts'
import { openReplication } from './wire.ts'

/** Takes the rows of one table, in commit order, into a topic. */
export interface Capture {
  /**
   * Runs until `signal` aborts; what is in flight is then awaited and its position stored. A server that is away is
   * waited for. Call it once.
   * @throws {MillraceError} `DATA_LOSS` or `MISSING` when going on would skip rows, `CONFIG` when another process
   * runs this capture, `WRITE` when the broker will never take a record.
   */
  run(signal: AbortSignal): Promise<void>
  readonly status: CaptureStatus
  /** For a capture that is not run. */
  close(): Promise<void>
}

/**
 * Opens a capture and checks that nothing would be skipped. At-least-once: after a crash, rows delivered since the
 * last stored position (and a snapshot that was not finished) are delivered again.
 * @throws {MillraceError} `UNREACHABLE`, `MISSING`, `DATA_LOSS`, `CONFIG`.
 */
export async function openCapture(options: CaptureOptions): Promise<Capture> {
  const database = openDatabase(options.databaseUrl, {
    name: `millrace capture ${options.name}`,
    connections: 2,
  })
  const progress = new Progress(options.onProgress)
  try {
    await checkCapture(database, options)
  } catch (error) {
    await database.close()
    throw error
  }
  return {
    run: (signal) => runCapture(database, options, progress, signal),
    get status() {
      return progress.status
    },
    close: () => database.close(),
  }
}

async function runCapture(
  database: Database,
  options: CaptureOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { name, logger = SILENT } = options
  try {
    for (let attempt = 1; !signal.aborted; attempt++) {
      const before = progress.status.position
      try {
        await runSession(database, options, progress, signal)
      } catch (error) {
        if (signal.aborted) break
        const why = databaseError(error, `run capture ${name}`, database.server)
        if (!isRetriable(why)) throw why
        if (progress.status.position !== before) attempt = 1
        progress.is('waiting')
        logger.warn(
          { capture: name, attempt, reason: why.message },
          'the session with PostgreSQL ended: trying again',
        )
        await delay(backoffDelay(attempt), undefined, { signal }).catch(() => undefined)
      }
    }
  } finally {
    progress.is('stopped')
    await database.close()
  }
}

/** From connecting to losing the connection, or to the end. */
async function runSession(
  database: Database,
  options: CaptureOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { name, databaseUrl, logger = SILENT } = options
  const lease = await takeLease(database, options, logger, signal)
  try {
    const stored = await checkCapture(database, options)
    const connect = () => openReplication(databaseUrl, `millrace capture ${name}`)
    const run: CaptureRun = { options, logger, progress, signal, lease, connect }
    progress.at(stored.lsn)
    const from = stored.snapshot === 'done' ? stored.lsn : await captureSnapshot(run)
    await captureStream(run, from)
  } finally {
    lease.release()
  }
}
