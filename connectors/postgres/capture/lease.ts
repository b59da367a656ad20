import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { MillraceError } from '../../../lib/errors.ts'
import type { Logger } from '../../../lib/log.ts'
import type { Database } from '../connection.ts'
import type { CaptureSpec } from './options.ts'
import { inspectSlot } from './slot.ts'
import { TEXT_SETTINGS } from './text-format.ts'

/** The one session that may run a capture: it holds its lock, stores its position and reads its snapshot. */
export interface Lease {
  readonly client: pg.PoolClient
  /** Resolves when the server or the network ended the session. */
  readonly lost: Promise<void>
  release(): void
}

/** Ties a capture's lock to its name. */
const LOCK = "hashtextextended('millrace capture ' || $1, 0)"
const ASK_EVERY_MS = 500
const AFTER_SENDER_TIMEOUT_MS = 10_000

/**
 * Becomes the only runner of this capture. A predecessor that was killed may live on in the server until it notices
 * (wal_sender_timeout), so this waits that long for its lock and its slot.
 * @throws {MillraceError} `UNREACHABLE`; `CONFIG` naming the PostgreSQL process that still holds on.
 */
export async function takeLease(
  database: Database,
  spec: CaptureSpec,
  logger: Logger,
  signal: AbortSignal,
): Promise<Lease> {
  const client = await database.session(`run capture ${spec.name}`)
  const lost = new Promise<void>((resolve) => client.once('end', resolve))
  // Closing the session gives the lock back.
  const lease: Lease = { client, lost, release: () => client.release(true) }
  try {
    await client.query(TEXT_SETTINGS)
    const limit = Date.now() + (await senderTimeout(client)) + AFTER_SENDER_TIMEOUT_MS
    await freeOf(() => lockHolder(client, spec.name), `its lock`, spec, limit, logger, signal)
    await freeOf(() => streamer(database, spec.slot), `slot ${spec.slot}`, spec, limit, logger, signal)
    return lease
  } catch (error) {
    lease.release()
    throw error
  }
}

async function freeOf(
  holder: () => Promise<number | undefined>,
  what: string,
  spec: CaptureSpec,
  limit: number,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (let told = false; ; told = true) {
    const pid = await holder()
    if (pid === undefined) return
    if (Date.now() > limit) {
      throw new MillraceError(
        'CONFIG',
        `capture ${spec.name} runs elsewhere: PostgreSQL process ${pid} holds ${what}. ` +
          `Stop the other capture, or, if it is dead: SELECT pg_terminate_backend(${pid})`,
        { step: spec.name },
      )
    }
    if (!told) logger.info({ capture: spec.name, pid }, `waiting for ${what}, held by a PostgreSQL process`)
    await delay(ASK_EVERY_MS, undefined, { signal })
  }
}

/** Takes the lock, or tells whose it is. */
async function lockHolder(client: pg.ClientBase, name: string): Promise<number | undefined> {
  const { rows } = await client.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS locked`, [
    name,
  ])
  if (rows[0]?.locked) return undefined
  const holders = await client.query<{ pid: number }>(
    `SELECT pid FROM pg_locks
      WHERE locktype = 'advisory' AND granted AND ((classid::bigint << 32) | objid::bigint) = ${LOCK}`,
    [name],
  )
  return holders.rows[0]?.pid ?? 0
}

async function streamer(database: Database, slot: string): Promise<number | undefined> {
  return (await inspectSlot(database, slot))?.activePid ?? undefined
}

/** wal_sender_timeout in milliseconds; its default where it is switched off. */
async function senderTimeout(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ timeout: number }>(
    "SELECT setting::int AS timeout FROM pg_settings WHERE name = 'wal_sender_timeout'",
  )
  return rows[0]?.timeout || 60_000
}
