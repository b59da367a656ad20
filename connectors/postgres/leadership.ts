import { setTimeout as delay } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { isRetriable } from '../../lib/errors.ts'
import type { Database } from './connection.ts'
import { databaseError } from './database-error.ts'
import { noticeDeadPeers } from './staging/run-lock.ts'

/** How often a process that is not the leader asks again, or one that lost the database tries to reach it. */
const ASK_EVERY_MS = 1000

/**
 * How often, and for how long at most, a leader asks whether its connection lives. Both together are less than what
 * the server waits for a peer that has vanished (`noticeDeadPeers`): the old leader steps down before a new one leads.
 */
const BEAT_MS = 5000

/**
 * Does `work` while this process is the only one to hold the named advisory lock; waits for it before. A process that
 * dies, or loses its connection, holds it no longer: then `work`'s signal aborts, and whoever asks first takes over.
 * While the database is away it waits, also if `work` rejects for that reason.
 * Resolves with `work`, or when `signal` aborts while waiting. Rejects with what `work` rejects with.
 *
 * @param onWait told why, when the database went away.
 */
export async function asLeader(
  database: Database,
  name: string,
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  onWait: (error: unknown) => void = () => {},
): Promise<void> {
  while (!signal.aborted) {
    try {
      if (await term(database, name, work, signal)) return
    } catch (error) {
      if (signal.aborted) return
      if (!isRetriable(error)) throw error
      onWait(error)
    }
    await pause(ASK_EVERY_MS, signal)
  }
}

/** One connection's time as candidate and leader. Resolves whether `work` ended by itself. */
async function term(
  database: Database,
  name: string,
  work: (signal: AbortSignal) => Promise<void>,
  asked: AbortSignal,
): Promise<boolean> {
  const session = await database.session(`become leader of ${name}`)
  const ended = new AbortController()
  for (const event of ['error', 'end'] as const) session.on(event, () => ended.abort())
  const signal = AbortSignal.any([asked, ended.signal])
  try {
    return (await elected(session, name, signal)) && (await lead(session, () => work(signal), ended))
  } catch (error) {
    throw databaseError(error, `lead ${name}`, database.server)
  } finally {
    session.release(true)
  }
}

/** Resolves false when the connection was lost meanwhile, whatever `work` then said. */
async function lead(
  session: PoolClient,
  work: () => Promise<void>,
  ended: AbortController,
): Promise<boolean> {
  const beating = beat(session, ended)
  try {
    await work()
    return !ended.signal.aborted
  } catch (error) {
    if (!ended.signal.aborted) throw error
    return false
  } finally {
    ended.abort()
    await beating
  }
}

async function elected(session: PoolClient, name: string, signal: AbortSignal): Promise<boolean> {
  await noticeDeadPeers(session)
  while (!signal.aborted) {
    const { rows } = await session.query<{ leader: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS leader',
      [`millrace leader of ${name}`],
    )
    if (rows[0]?.leader) return true
    await pause(ASK_EVERY_MS, signal)
  }
  return false
}

/** Ends the term when the server no longer answers: a connection may break without a word. */
async function beat(session: PoolClient, ended: AbortController): Promise<void> {
  await pause(BEAT_MS, ended.signal)
  while (!ended.signal.aborted) {
    const answer = session.query('SELECT').catch(() => ended.abort())
    const silent = pause(BEAT_MS, ended.signal).then(() => true)
    if ((await Promise.race([answer, silent])) === true) ended.abort()
    else await silent
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal }).catch(() => {})
}
