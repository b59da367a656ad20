/** What is said on the socket of the embedded log. */
import type { MemberShare } from '../../../lib/broker/assign-tasks.ts'
import type { CommittedPosition, MemberData, TopicSpec } from '../../../lib/broker/broker.ts'
import { type Coordinates, type ErrorCode, MillraceError } from '../../../lib/errors.ts'
import type { Position, TopicPartition } from '../../../lib/record.ts'
import type { FetchAsk, TransactionCommit } from '../connection.ts'

/** Raised by every change after which an older process would misunderstand. */
export const PROTOCOL = 5

export type Request =
  | { readonly op: 'hello'; readonly protocol: number; readonly pid: number }
  /** That we live. */
  | { readonly op: 'beat' }
  | { readonly op: 'topics'; readonly names: readonly string[] }
  | { readonly op: 'createTopic'; readonly spec: TopicSpec }
  | { readonly op: 'offsets'; readonly topic: string }
  | { readonly op: 'offsetsForTime'; readonly topic: string; readonly timestamp: number }
  | { readonly op: 'committed'; readonly group: string; readonly topics: readonly string[] }
  | { readonly op: 'deleteTopic'; readonly topic: string }
  | { readonly op: 'deleteRecords'; readonly before: readonly Position[] }
  | { readonly op: 'members'; readonly group: string }
  | { readonly op: 'setPositions'; readonly group: string; readonly positions: readonly CommittedPosition[] }
  /** With one part for every place. */
  | { readonly op: 'append'; readonly places: readonly TopicPartition[] }
  | { readonly op: 'openWriter'; readonly writer: string }
  /** With one part for every place. */
  | {
      readonly op: 'commitTransaction'
      readonly places: readonly TopicPartition[]
      readonly transaction: WireTransaction
    }
  | { readonly op: 'fetch'; readonly asks: readonly FetchAsk[] }
  /** Ends the waiting of the fetch with this id. */
  | { readonly op: 'cancel'; readonly fetch: number }
  | {
      readonly op: 'join'
      readonly member: number
      readonly group: string
      readonly topics: readonly string[]
      readonly data?: MemberData | undefined
    }
  | { readonly op: 'ready'; readonly member: number; readonly data?: MemberData | undefined }
  | {
      readonly op: 'commit'
      readonly member: number
      readonly generation: number
      readonly positions: readonly CommittedPosition[]
    }
  | { readonly op: 'leave'; readonly member: number }

/** The chunks are the parts of the message. */
export type WireTransaction = Omit<TransactionCommit, 'chunks'>

/** The answer to `hello`. */
export interface Greeting {
  readonly protocol: number
  readonly pid: number
  /** The log's folder, without symbolic links: a copied folder names the owner of the original. */
  readonly dir: string
}

export type Numbered<T> = T & { readonly id: number }

/** Of a fetch: the chunks themselves are the parts of the message, in this order. */
export interface FetchedFrame extends TopicPartition {
  readonly from: number
  readonly next: number
  readonly lasts: readonly number[]
}

export type Answer =
  | { readonly kind: 'beat' }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: WireError }
  | { readonly kind: 'rebalancing'; readonly member: number }
  | {
      readonly kind: 'assigned'
      readonly member: number
      readonly generation: number
      readonly share: MemberShare
    }
  | { readonly kind: 'expelled'; readonly member: number; readonly error: WireError }

export interface WireError {
  readonly code: ErrorCode
  readonly message: string
  readonly retriable: boolean
  readonly at: Coordinates
}

/** Only of our own errors is the text safe to pass on. */
export function toWire(error: unknown): WireError {
  if (error instanceof MillraceError) {
    const { code, message, retriable, at } = error
    return { code, message, retriable, at }
  }
  const message = 'The process that owns the embedded log failed inside'
  return { code: 'INTERNAL', message, retriable: false, at: {} }
}

export function fromWire({ code, message, retriable, at }: WireError): MillraceError {
  return new MillraceError(code, message, { ...at, retriable })
}
