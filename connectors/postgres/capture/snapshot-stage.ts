import { randomBytes } from 'node:crypto'
import { BATCH_RECORDS, type CaptureRun } from './capture-run.ts'
import { deliver } from './delivery.ts'
import type { Lsn } from './lsn.ts'
import { storeSnapshotDone } from './position.ts'
import { snapshotRows } from './snapshot.ts'

/**
 * Delivers every row committed before a position, and stores that this is done. The slot has kept the log since
 * before, so the stream goes on exactly there: no row is missed, none comes twice. Interrupted, it starts over.
 * @returns that position
 */
export async function captureSnapshot(run: CaptureRun): Promise<Lsn> {
  const { options, logger, progress, signal, lease } = run
  const { name, table, batchRecords = BATCH_RECORDS } = options
  progress.is('snapshot')
  logger.info(
    { capture: name, table },
    'taking a snapshot: waiting for the write transactions that are running',
  )
  const replication = await run.connect()
  const close = () => replication.close()
  signal.addEventListener('abort', close)
  try {
    signal.throwIfAborted()
    const { snapshot, at } = await replication.exportSnapshot(`millrace_${randomBytes(8).toString('hex')}`)
    for await (const rows of snapshotRows(lease.client, table, snapshot, batchRecords, close)) {
      signal.throwIfAborted()
      const committedAt = Date.now()
      const deliveries = rows.map((row) => ({ row, committedAt }))
      progress.add(await deliver(deliveries, options, logger, signal))
    }
    await storeSnapshotDone(lease.client, name, at)
    progress.at(at)
    return at
  } finally {
    signal.removeEventListener('abort', close)
    await close()
  }
}
