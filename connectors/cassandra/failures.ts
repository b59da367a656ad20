import { errors, types } from 'cassandra-driver'
import { MillraceError } from '../../lib/errors.ts'

const { responseErrorCodes: codes } = types

/** The server took the request and could not do it now; or a replica failed, which another attempt may not. */
const PASSING: ReadonlySet<number> = new Set([
  codes.serverError,
  codes.unavailableException,
  codes.overloaded,
  codes.isBootstrapping,
  codes.truncateError,
  codes.writeTimeout,
  codes.readTimeout,
  codes.readFailure,
  codes.writeFailure,
])

/** The server is away or busy: the same request may succeed later. */
export function isAway(error: unknown): boolean {
  if (error instanceof errors.ResponseError) return PASSING.has(error.code)
  return (
    error instanceof errors.NoHostAvailableError ||
    error instanceof errors.OperationTimedOutError ||
    error instanceof errors.BusyConnectionError ||
    (error instanceof Error && 'isSocketError' in error)
  )
}

/** The server understood and refused: the row can't be stored, or the table is not what it was. */
export function isInvalid(error: unknown): boolean {
  return responses(error).some(({ code }) => code === codes.invalid)
}

/** A table that is dropped while we write shows up as a statement that no host can prepare. */
export function lostStatement(error: unknown): boolean {
  return responses(error).some(({ code }) => code === codes.unprepared || code === codes.invalid)
}

function isUnauthorized(error: unknown): boolean {
  return (
    error instanceof errors.AuthenticationError ||
    responses(error).some(({ code }) => code === codes.unauthorized || code === codes.badCredentials) ||
    hostErrors(error).some((inner) => inner instanceof errors.AuthenticationError)
  )
}

/** What went wrong, by kind only: Cassandra's own texts may hold partition keys ("Top keys are: …"). */
export function kindOf(error: unknown): string {
  const [inner] = hostErrors(error)
  if (inner !== undefined) return kindOf(inner)
  if (error instanceof errors.ResponseError) {
    const name = Object.entries(codes).find(([, code]) => code === error.code)?.[0]
    return name ?? `error 0x${error.code.toString(16)}`
  }
  if (!(error instanceof Error)) return typeof error
  return 'code' in error ? String(error.code) : error.name
}

/** A failure of anything but a row's write. `doing` completes "could not …". */
export function cassandraError(error: unknown, doing: string, server: string): MillraceError {
  if (error instanceof MillraceError) return error
  if (isUnauthorized(error)) {
    return new MillraceError('CONFIG', `Cassandra at ${server} refuses these credentials to ${doing}`)
  }
  if (isInvalid(error)) {
    return new MillraceError(
      'MISSING',
      `could not ${doing}: Cassandra at ${server} has no such keyspace or table. Create it with: millrace apply`,
    )
  }
  if (isAway(error)) {
    return new MillraceError(
      'UNREACHABLE',
      `Cassandra at ${server} can't be reached to ${doing} (${kindOf(error)}): start it, or correct CASSANDRA_CONTACT_POINTS`,
    )
  }
  return new MillraceError('INTERNAL', `could not ${doing}: ${kindOf(error)} from Cassandra at ${server}`)
}

function responses(error: unknown): errors.ResponseError[] {
  return [error, ...hostErrors(error)].filter((one) => one instanceof errors.ResponseError)
}

function hostErrors(error: unknown): unknown[] {
  return error instanceof errors.NoHostAvailableError ? Object.values(error.innerErrors ?? {}) : []
}
