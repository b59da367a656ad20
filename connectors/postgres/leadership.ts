import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from './connection.ts'

/** How often a process that is not the leader asks again. Milliseconds. */
const ASK_EVERY = 1000

/**
 * Does `work` while this process is the only one to hold the named advisory lock; waits for it before. A process that
 * dies, or loses its connection, holds it no longer: then `work`'s signal aborts, and another process takes over.
 * Resolves with `work`, or when `signal` aborts while waiting.
 */
export async function asLeader(
  database: Database,
  name: string,
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const session = await database.session(`become leader of ${name}`)
    const lost = new AbortController()
    session.on('error', () => lost.abort())
    try {
      const { rows } = await session.query<{ leader: boolean }>(
        'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS leader',
        [`millrace leader of ${name}`],
      )
      if (rows[0]?.leader) {
        await work(AbortSignal.any([signal, lost.signal]))
        if (!lost.signal.aborted) return
      }
    } finally {
      session.release(true)
    }
    await delay(ASK_EVERY, undefined, { signal }).catch(() => {})
  }
}
