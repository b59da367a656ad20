import type { PoolClient, QueryConfig, QueryResultRow } from 'pg'
import type { Database } from '../connection.ts'
import { sqlState } from '../database-error.ts'
import { untilAborted } from '../until-aborted.ts'

/** How a statement is given up: when the signal aborts, or no answer comes within so many milliseconds. */
export interface Patience {
  readonly signal: AbortSignal
  readonly within: number
}

/** `pg` takes a limit with each query (pg/lib/client.js); its types do not know. */
type TimedQuery = QueryConfig<unknown[]> & { readonly query_timeout: number }

/**
 * One statement. Given up, its connection is closed, and the server may still have done it. Rejects with the error of `pg`, which the caller is to make one that holds no values.
 */
export async function runStatement<R extends QueryResultRow>(
  database: Database,
  doing: string,
  statement: Statement,
  patience: Patience,
): Promise<R[]> {
  return onConnection(database, doing, patience, async (run) => run<R>(statement))
}

export type Statement = Pick<QueryConfig<unknown[]>, 'text' | 'values'>
export type Run = <R extends QueryResultRow>(statement: Statement) => Promise<R[]>

/** Several statements on one connection, given up as one is. */
export async function onConnection<T>(
  database: Database,
  doing: string,
  { signal, within }: Patience,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  const client = await connect(database, doing, signal)
  const run: Run = async <R extends QueryResultRow>(statement: Statement) => {
    const timed: TimedQuery = { ...statement, query_timeout: within }
    return (await untilAborted(client.query<R>(timed), signal)).rows
  }
  try {
    const result = await work(run)
    client.release()
    return result
  } catch (error) {
    client.release(sqlState(error) === undefined)
    throw error
  }
}

async function connect(database: Database, doing: string, signal: AbortSignal): Promise<PoolClient> {
  const connecting = database.session(doing)
  return untilAborted(connecting, signal).catch((error: unknown) => {
    connecting.then((late) => late.release()).catch(() => undefined)
    throw error
  })
}
