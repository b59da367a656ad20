/**
 * What went wrong, by kind. The exit code of a command follows from it: see `exitCode`.
 *
 * - `CONFIG`: wrong usage or configuration (exit 2).
 * - `UNREACHABLE`: a server does not answer; retrying may help (exit 1 at start, retried later).
 * - `MISSING`: something that `millrace apply` creates is not there (exit 3).
 * - `DATA_LOSS`: going on would silently lose data, so we refuse (exit 3).
 * - `POISON`: these bytes can't be decoded, and never will (dead letter).
 * - `REJECTED`: a step refused the record, with a reason (dead letter).
 * - `CONTRACT`: a schema does not fit its subject, topic or table (exit 3 at start).
 * - `FENCED`: the assignment under which this was done has ended; the work is void, not wrong.
 * - `STEP`: a user's function threw.
 * - `WRITE`: a sink or broker refused a write.
 * - `INTERNAL`: a promise of millrace's own was broken.
 */
export type ErrorCode =
  | 'CONFIG'
  | 'UNREACHABLE'
  | 'MISSING'
  | 'DATA_LOSS'
  | 'POISON'
  | 'REJECTED'
  | 'CONTRACT'
  | 'FENCED'
  | 'STEP'
  | 'WRITE'
  | 'INTERNAL'

/** Where it went wrong. Never a value: keys and payloads may be personal data and stay out of logs. */
export interface Coordinates {
  readonly application?: string | undefined
  readonly step?: string | undefined
  readonly topic?: string | undefined
  readonly partition?: number | undefined
  readonly offset?: number | undefined
  readonly schemaId?: number | undefined
}

export interface MillraceErrorOptions extends Coordinates {
  /** Whether doing the same again later may succeed. Default: only for `UNREACHABLE`. */
  readonly retriable?: boolean | undefined
  /** The single faults, where one call met several. */
  readonly errors?: readonly MillraceError[] | undefined
  readonly cause?: unknown
}

/** The one error class: a code, coordinates, and a message that names the user's thing and the cure. */
export class MillraceError extends Error {
  readonly code: ErrorCode
  readonly retriable: boolean
  readonly at: Coordinates
  /** The single faults, where one call met several; empty where this is the only one. */
  readonly errors: readonly MillraceError[]

  constructor(code: ErrorCode, message: string, options: MillraceErrorOptions = {}) {
    const { retriable, cause, errors = [], ...at } = options
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'MillraceError'
    this.code = code
    this.retriable = retriable ?? code === 'UNREACHABLE'
    this.at = at
    this.errors = errors
  }
}

/** `topic/partition/offset`, as lineage, logs and dead letters write it. */
export function place(at: Coordinates): string {
  return [at.topic, at.partition, at.offset].filter((part) => part !== undefined).join('/')
}

export function isRetriable(error: unknown): boolean {
  return error instanceof MillraceError && error.retriable
}

/** 0 done, 1 failed, 2 wrong usage or configuration, 3 data missing or refused to lose data. */
export function exitCode(error: unknown): number {
  if (!(error instanceof MillraceError)) return 1
  if (error.code === 'CONFIG') return 2
  if (error.code === 'MISSING' || error.code === 'DATA_LOSS' || error.code === 'CONTRACT') return 3
  return 1
}

/** The text of anything thrown, without its stack. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
