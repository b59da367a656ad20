import type { Connection } from '../connection.ts'
import { sqlState } from '../database-error.ts'

const LOCK_NOT_AVAILABLE = '55P03'

/**
 * Takes the lock of a run for as long as the session lives: a dead process holds none, whatever the clock says.
 * Waits 2 s, in which the server notices that a killed holder is gone. Resolves false when somebody else lives on it.
 */
export async function lockRun(session: Connection, runId: string): Promise<boolean> {
  await session.query(`set lock_timeout = '2s'`)
  try {
    await session.query('select pg_advisory_lock(hashtextextended($1, 0))', [`millrace ingest run ${runId}`])
    return true
  } catch (error) {
    if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error
    return false
  } finally {
    await session.query('set lock_timeout = 0').catch(() => undefined)
  }
}

export async function unlockRun(session: Connection, runId: string): Promise<void> {
  await session.query('select pg_advisory_unlock(hashtextextended($1, 0))', [`millrace ingest run ${runId}`])
}

/** So that the server also drops the locks of a machine that vanished without closing its connections. */
export async function noticeDeadPeers(session: Connection): Promise<void> {
  await session.query(
    'set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3',
  )
}
