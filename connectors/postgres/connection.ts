import pg from 'pg'
import { MillraceError } from '../../lib/errors.ts'
import { databaseError } from './database-error.ts'

/** A PostgreSQL database. All its failures are `MillraceError`s; none names a value. */
export interface Database {
  /** `host:port/database`, as messages name it. */
  readonly server: string
  /** One statement. `doing` completes the sentence "could not …" in an error. */
  query<R extends pg.QueryResultRow>(doing: string, text: string, values?: readonly unknown[]): Promise<R[]>
  /** One transaction: committed when `work` resolves, rolled back when it rejects. */
  transaction<T>(doing: string, work: (connection: Connection) => Promise<T>): Promise<T>
  /** A connection of one's own, for what lives as long as a session (advisory locks). Release it. */
  session(doing: string): Promise<pg.PoolClient>
  close(): Promise<void>
}

/** What runs statements inside a transaction. */
export type Connection = Pick<pg.ClientBase, 'query'>

export interface DatabaseOptions {
  /** Shown in pg_stat_activity. */
  readonly name?: string | undefined
  /** Most connections at a time. Default 4. */
  readonly connections?: number | undefined
}

const CONNECT_TIMEOUT_MS = 10_000

/** Opens nothing yet: the first statement connects, and rejects with `UNREACHABLE` after 10 s at most. */
export function openDatabase(databaseUrl: string, options: DatabaseOptions = {}): Database {
  const server = serverOf(databaseUrl)
  const pool = openPool(databaseUrl, options)
  const guarded = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw databaseError(error, doing, server)
    }
  }
  return {
    server,
    query: (doing, text, values = []) =>
      guarded(doing, async () => (await pool.query({ text, values: [...values] })).rows),
    transaction: (doing, work) => guarded(doing, () => inTransaction(pool, work)),
    session: (doing) => guarded(doing, () => pool.connect()),
    close: () => pool.end(),
  }
}

/** For `new pg.Client`: e.g. a replication connection. */
export function connectionConfig(databaseUrl: string, name = 'millrace'): pg.ClientConfig {
  return {
    connectionString: databaseUrl,
    application_name: name,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  }
}

/**
 * `host:port/database` of a URL, without user and password.
 * @throws {MillraceError} `CONFIG` if it is no PostgreSQL URL.
 */
export function serverOf(databaseUrl: string): string {
  const url = URL.parse(databaseUrl)
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === '') {
    throw new MillraceError('CONFIG', 'DATABASE_URL is not of the form postgresql://user@host:5432/database')
  }
  return `${url.hostname}:${url.port || '5432'}${url.pathname}`
}

function openPool(databaseUrl: string, options: DatabaseOptions): pg.Pool {
  const pool = new pg.Pool({ ...connectionConfig(databaseUrl, options.name), max: options.connections ?? 4 })
  // A connection that breaks emits 'error' besides failing its statement; without a listener that ends the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

async function inTransaction<T>(pool: pg.Pool, work: (connection: Connection) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    const result = await transactionOn(client, () => work(client))
    client.release()
    return result
  } catch (error) {
    client.release(true)
    throw error
  }
}

/** A transaction on a connection that the caller holds; its errors are those of `pg`. */
export async function transactionOn<T>(client: Connection, work: () => Promise<T>): Promise<T> {
  try {
    await client.query('BEGIN')
    const result = await work()
    await client.query('COMMIT')
    return result
  } catch (error) {
    // On a broken connection this fails too, and the server rolls back by itself.
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}
