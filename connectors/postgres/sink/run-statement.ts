import type { QueryConfig } from 'pg'
import type { Database } from '../connection.ts'
import { sqlState } from '../database-error.ts'
import { untilAborted } from '../until-aborted.ts'

/** A server that is frozen, or gone without a word, would be waited for without end. */
const ANSWER_WITHIN_MS = 60_000

/** `pg` takes a limit with each query (pg/lib/client.js); its types do not know. */
type TimedQuery = QueryConfig<unknown[]> & { readonly query_timeout: number }

/**
 * One statement, given up when the signal aborts or no answer comes: its connection is closed then, and the server
 * may still have done it. Rejects with the error of `pg`, which the caller is to make one that holds no values.
 */
export async function runStatement(
  database: Database,
  doing: string,
  statement: Pick<QueryConfig<unknown[]>, 'text' | 'values'>,
  signal: AbortSignal,
): Promise<void> {
  const connecting = database.session(doing)
  const client = await untilAborted(connecting, signal).catch((error: unknown) => {
    connecting.then((late) => late.release()).catch(() => undefined)
    throw error
  })
  const timed: TimedQuery = { ...statement, query_timeout: ANSWER_WITHIN_MS }
  try {
    await untilAborted(client.query(timed), signal)
    client.release()
  } catch (error) {
    client.release(sqlState(error) === undefined)
    throw error
  }
}
