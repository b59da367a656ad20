import { MillraceError } from '../../../lib/errors.ts'
import { atMostEvery } from '../../../lib/log.ts'
import { BATCH_RECORDS, type CaptureRun, HEARTBEAT_MS } from './capture-run.ts'
import { completed } from './complete-row.ts'
import { deliver } from './delivery.ts'
import { Feed, type Flow } from './feed.ts'
import type { Lsn } from './lsn.ts'
import { storePosition } from './position.ts'
import type { Replication, WalStream } from './wire.ts'

/** Delivers what is committed, in order, until aborted. Rejects when a connection is lost. */
export async function captureStream(run: CaptureRun, from: Lsn): Promise<void> {
  const replication = await run.connect()
  try {
    const { feed, stream } = openStream(run, replication, from)
    run.progress.is('streaming')
    await drain(run, feed, stream, from)
  } finally {
    await replication.close()
  }
}

/** The loop: rows when there are any, and now and then only the position, so that an idle table holds back no log. */
async function drain(run: CaptureRun, feed: Feed, stream: WalStream, from: Lsn): Promise<void> {
  const { options, logger, progress, signal } = run
  const { batchRecords = BATCH_RECORDS, heartbeatMs = HEARTBEAT_MS } = options
  let stored = from
  let beat = Date.now() + heartbeatMs
  while (!signal.aborted) {
    await feed.waiting(Math.max(0, beat - Date.now()), signal)
    const { changes, position } = feed.take(batchRecords)
    if (changes.length > 0) {
      progress.add(await deliver(await completed(changes, run), options, logger, signal))
    } else if (Date.now() < beat) continue
    beat = Date.now() + heartbeatMs
    if (position === stored) continue
    await acknowledge(run, stream, position)
    stored = position
  }
}

/** Kafka has it → the position says so → the server may forget it. Never in another order. */
async function acknowledge(run: CaptureRun, stream: WalStream, position: Lsn): Promise<void> {
  await storePosition(run.lease.client, run.options, position)
  stream.acknowledge(position)
  run.progress.at(position)
}

function openStream(run: CaptureRun, replication: Replication, from: Lsn): { feed: Feed; stream: WalStream } {
  const { name, slot, publication } = run.options
  const feed = openFeed(run, from, { pause: () => stream.pause(), resume: () => stream.resume() })
  const stream = replication.stream(
    { slot, publication, lsn: from },
    { message: (message) => feed.message(message), failed: (error) => feed.fail(error) },
  )
  // A server that shuts down waits for us to acknowledge its last record, and no longer takes our position: let go.
  void run.lease.lost.then(() => {
    feed.fail(new MillraceError('UNREACHABLE', `capture ${name} lost its session with PostgreSQL`))
    return replication.close()
  })
  return { feed, stream }
}

function openFeed({ options, logger, progress }: CaptureRun, from: Lsn, flow: Flow): Feed {
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
