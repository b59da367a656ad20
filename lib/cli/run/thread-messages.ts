import { type Coordinates, type ErrorCode, MillraceError, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { CountsByStep } from '../../runtime/counters.ts'

/** What a thread is told. */
export type ToThread =
  | { readonly kind: 'stop'; readonly topology: number | undefined }
  | ({ readonly kind: 'ask'; readonly id: number; readonly topology: number } & Asked)

/** A call of a worker's view. */
export interface Asked {
  readonly call: 'status' | 'metrics' | 'locate' | 'query' | 'pause' | 'resume'
  readonly said?: unknown
}

/** What a thread tells. */
export type FromThread =
  | { readonly kind: 'running' }
  | { readonly kind: 'refused'; readonly error: SentError }
  | { readonly kind: 'failed'; readonly topology: number; readonly error: SentError }
  | { readonly kind: 'answer'; readonly id: number; readonly answer?: unknown; readonly error?: SentError }
  | { readonly kind: 'counts'; readonly counts: readonly CountsByStep[] }
  | { readonly kind: 'log'; readonly level: keyof Logger; readonly fields: object; readonly message: string }

/** An error as plain data: what is sent between threads loses its class. */
export interface SentError {
  readonly message: string
  readonly stack: string | undefined
  readonly millrace:
    | { readonly code: ErrorCode; readonly retriable: boolean; readonly at: Coordinates }
    | undefined
}

export function sent(error: unknown): SentError {
  const stack = error instanceof Error ? error.stack : undefined
  if (!(error instanceof MillraceError)) return { message: messageOf(error), stack, millrace: undefined }
  const { message, code, retriable, at } = error
  return { message, stack, millrace: { code, retriable, at } }
}

export function received({ message, stack, millrace }: SentError): Error {
  const error =
    millrace === undefined
      ? new Error(message)
      : new MillraceError(millrace.code, message, { ...millrace.at, retriable: millrace.retriable })
  if (stack !== undefined) error.stack = stack
  return error
}
