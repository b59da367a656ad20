import { randomBytes } from 'node:crypto'
import { MillraceError } from '../../../lib/errors.ts'
import { atMostEvery, type Logger } from '../../../lib/log.ts'
import { deliver } from './delivery.ts'
import { type Change, Feed } from './feed.ts'
import type { Lease } from './lease.ts'
import type { Lsn } from './lsn.ts'
import type { CaptureOptions } from './options.ts'
import { storePosition, storeSnapshotDone } from './position.ts'
import type { Progress } from './progress.ts'
import { currentRow, snapshotRows } from './snapshot.ts'
import type { Replication } from './wire.ts'

/** What the two stages of a session share. */
export interface CaptureRun {
  readonly options: CaptureOptions
  readonly logger: Logger
  readonly progress: Progress
  readonly signal: AbortSignal
  readonly lease: Lease
  readonly connect: () => Promise<Replication>
}

/**
 * Delivers every row committed before a position, and stores that this is done. The slot has kept the log since
 * before, so the stream goes on exactly there: no row is missed, none comes twice. Interrupted, it starts over.
 * @returns that position
 */
export async function captureSnapshot(run: CaptureRun): Promise<Lsn> {
  const { options, logger, progress, signal, lease } = run
  const { name, table, batchRecords = 500 } = options
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
      progress.add(
        await deliver(
          rows.map((row) => ({ row, committedAt })),
          options,
          logger,
          signal,
        ),
      )
    }
    await storeSnapshotDone(lease.client, name, at)
    progress.at(at)
    return at
  } finally {
    signal.removeEventListener('abort', close)
    await close()
  }
}

/** Delivers what is committed, in order, until aborted. Rejects when a connection is lost. */
export async function captureStream(run: CaptureRun, from: Lsn): Promise<void> {
  const { options, logger, progress, signal, lease } = run
  const { name, slot, publication, batchRecords = 500, heartbeatMs = 10_000 } = options
  const replication = await run.connect()
  const feed = openFeed(run, from, { pause: () => stream.pause(), resume: () => stream.resume() })
  const stream = replication.stream(
    { slot, publication, lsn: from },
    { message: (message) => feed.message(message), failed: (error) => feed.fail(error) },
  )
  // A server that shuts down waits for us to acknowledge its last record, and no longer takes our position: let go.
  void lease.lost.then(() => {
    feed.fail(new MillraceError('UNREACHABLE', `capture ${name} lost its session`))
    return replication.close()
  })
  let stored = from
  let beat = Date.now() + heartbeatMs
  const store = async (position: Lsn) => {
    // Kafka has it → the position says so → the slot may forget it. Never in another order.
    await storePosition(lease.client, name, position)
    stream.acknowledge(position)
    progress.at(position)
    stored = position
  }
  progress.is('streaming')
  try {
    while (!signal.aborted) {
      await feed.waiting(Math.max(0, beat - Date.now()), signal)
      const { changes, position } = feed.take(batchRecords)
      if (changes.length > 0) {
        const complete = await Promise.all(changes.map((change) => completed(change, run)))
        progress.add(await deliver(complete, options, logger, signal))
      }
      if (changes.length === 0 && Date.now() < beat) continue
      beat = Date.now() + heartbeatMs
      if (position > stored) await store(position)
    }
  } finally {
    await replication.close()
  }
}

function openFeed(run: CaptureRun, from: Lsn, flow: { pause(): void; resume(): void }): Feed {
  const { options, logger, progress } = run
  const [schema = 'public', table = options.table] = options.table.split('.')
  const sometimes = atMostEvery(10_000)
  return new Feed({
    schema,
    table,
    from,
    flow,
    unsent: (what) => {
      progress.add(what === 'delete' ? { deletes: 1 } : { truncates: 1 })
      const { deletes, truncates } = progress.status
      sometimes(() =>
        logger.info({ capture: options.name, deletes, truncates }, `a ${what} is counted, not sent`),
      )
    },
  })
}

/**
 * An update leaves out large values it did not touch. The row is then read as it is now: a later state of it, whose
 * own change follows.
 */
async function completed(change: Change, { options, lease }: CaptureRun) {
  const { row, committedAt } = change
  if (change.unchanged.length === 0) return { row, committedAt }
  const key = new Map(change.key.map((column) => [column, row[column] ?? '']))
  const now = key.size === 0 ? undefined : await currentRow(lease.client, options.table, key)
  if (now !== undefined) return { row: now, committedAt }
  const columns = change.unchanged.join(', ')
  const refused = new MillraceError(
    'REJECTED',
    `an update left out ${columns} unchanged, and the row is gone: ALTER TABLE ${options.table} REPLICA IDENTITY FULL`,
  )
  return { row, committedAt, refused }
}
