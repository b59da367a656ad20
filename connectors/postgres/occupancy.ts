import type pg from 'pg'
import { type Database, openDatabase } from './connection.ts'

/** This process's use of a server that its last user stops. A process that dies uses it no longer. */
export interface Occupancy {
  /** Nobody else used it when this began. */
  readonly alone: boolean
  /** Resolves true if this was the last user: nobody can come in any more, so stop the server. */
  endAsLast(): Promise<boolean>
}

const LOCK = `hashtextextended('millrace uses this server', 0)`

/** Resolves with undefined while the last user is stopping the server. Rejects with `UNREACHABLE`. */
export async function occupy(databaseUrl: string): Promise<Occupancy | undefined> {
  const database = openDatabase(databaseUrl, { name: 'millrace occupancy', connections: 1 })
  try {
    const session = await database.session('use the server')
    const alone = await ask(session, `pg_try_advisory_lock(${LOCK})`)
    if (await ask(session, `pg_try_advisory_lock_shared(${LOCK})`)) {
      if (alone) await ask(session, `pg_advisory_unlock(${LOCK})`)
      return { alone, endAsLast: () => endAsLast(database, session) }
    }
    session.release(true)
  } catch (error) {
    await database.close()
    throw error
  }
  await database.close()
  return undefined
}

/** A lock for itself alone is had when no other holds it shared; it is held until the server has ended. */
async function endAsLast(database: Database, session: pg.PoolClient): Promise<boolean> {
  try {
    await ask(session, `pg_advisory_unlock_shared(${LOCK})`)
    if (await ask(session, `pg_try_advisory_lock(${LOCK})`)) return true
  } catch {
    session.release(true)
    return endAnew(database)
  }
  session.release(true)
  await database.close()
  return false
}

/** The server was started again meanwhile, or is gone. */
async function endAnew(database: Database): Promise<boolean> {
  const last = await database
    .session('leave the server')
    .then((session) => ask(session, `pg_try_advisory_lock(${LOCK})`).finally(() => session.release(true)))
    .catch(() => true)
  await database.close()
  return last
}

async function ask(session: pg.PoolClient, call: string): Promise<boolean> {
  const { rows } = await session.query<{ answer: boolean }>(`SELECT ${call} AS answer`)
  return rows[0]?.answer === true
}
