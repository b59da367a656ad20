import { DatabaseError } from 'pg'
import { MillraceError, messageOf } from '../../lib/errors.ts'

/**
 * What a failure of `pg` means to us. Values stay out: PostgreSQL puts them into `detail`, and for class 22 into
 * the message itself, so only SQLSTATE and names are told, and the original error is no `cause`.
 *
 * @param doing what was tried, e.g. `stage a page`.
 * @param server `host:port/database`, without user and password.
 */
export function databaseError(error: unknown, doing: string, server: string): MillraceError {
  if (error instanceof MillraceError) return error
  if (!(error instanceof DatabaseError)) return connectionError(error, doing, server)
  const state = error.code ?? 'unknown'
  if (isAway(state)) return unreachable(server, doing, `SQLSTATE ${state}`)
  if (isRefusal(state)) return refused(server, `SQLSTATE ${state}`)
  if (isAbsent(state)) {
    return new MillraceError(
      'MISSING',
      `can't ${doing}: ${error.message} in PostgreSQL at ${server}. Create it with: millrace apply`,
    )
  }
  return new MillraceError('WRITE', `PostgreSQL at ${server} refused to ${doing}: ${refusalOf(error)}`, {
    retriable: isPassing(state),
  })
}

/** SQLSTATE of an error, e.g. `42P07`; undefined when it did not come from the server. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined
}

/** SQLSTATE, and the names of what refused; no values. */
export function refusalOf(error: unknown): string {
  return error instanceof DatabaseError
    ? `SQLSTATE ${error.code ?? 'unknown'}${namesIn(error)}`
    : 'no SQLSTATE'
}

function connectionError(error: unknown, doing: string, server: string): MillraceError {
  if (isNetworkError(error)) return unreachable(server, doing, messageOf(error))
  if (SETUP_TEXT.test(messageOf(error))) return refused(server, messageOf(error))
  return new MillraceError('INTERNAL', `could not ${doing}: ${messageOf(error)}`, { cause: error })
}

function refused(server: string, why: string): MillraceError {
  return new MillraceError(
    'CONFIG',
    `no connection to PostgreSQL at ${server} (${why}): check user, password, database and sslmode in DATABASE_URL`,
  )
}

function unreachable(server: string, doing: string, why: string): MillraceError {
  return new MillraceError(
    'UNREACHABLE',
    `PostgreSQL at ${server} can't be reached to ${doing} (${why}): start it, or correct DATABASE_URL`,
  )
}

/** `pg` gives its own connection failures no code, only these texts (pg/lib/client.js, pg-pool/index.js). */
const PG_CONNECTION_TEXT =
  /connection terminated|timeout exceeded|connection error|not queryable|timeout expired|read timeout/i

/** What `pg` and Node's TLS say when both sides do not agree on password or encryption. */
const SETUP_TEXT = /SASL|SSL|TLS|certificate|client password/

function isNetworkError(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isNetworkError)
  if (!(error instanceof Error)) return false
  return 'syscall' in error || 'errno' in error || PG_CONNECTION_TEXT.test(error.message)
}

/** Connection exceptions, too many connections, shut-down, crash, starting up. */
function isAway(state: string): boolean {
  return state.startsWith('08') || state === '53300' || /^57P0[1-5]$/.test(state)
}

function isRefusal(state: string): boolean {
  return state.startsWith('28') || state === '3D000'
}

/** Undefined table, schema, column, object. Their messages name only these. */
function isAbsent(state: string): boolean {
  return state === '42P01' || state === '3F000' || state === '42703' || state === '42704'
}

/**
 * Serialization failure, deadlock, a disk that is full, a lock not to be had, a cancelled statement, a failing disk, a
 * server that only reads (a standby before it takes over), a transaction that was idle: the same may pass later.
 */
function isPassing(state: string): boolean {
  return /^(40001|40P01|53...|58...|55P03|57014|25006|25P03)$/.test(state)
}

function namesIn(error: DatabaseError): string {
  const table = [error.schema, error.table].filter(Boolean).join('.')
  const names = [table, error.column, error.constraint].filter(Boolean)
  return names.length === 0 ? '' : ` (${names.join(', ')})`
}
