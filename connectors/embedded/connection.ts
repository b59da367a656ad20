/** What a process asks of the log, whether it owns it or reaches the owner over a socket. */
import type { MemberShare } from '../../lib/broker/assign-tasks.ts'
import type {
  CommittedPosition,
  MemberData,
  MemberInfo,
  OffsetRange,
  TopicSpec,
} from '../../lib/broker/broker.ts'
import type { Position, TopicPartition } from '../../lib/record.ts'
import type { StoredChunk } from './log/decode-chunk.ts'
import type { ChunkFor, TransactionCommit } from './log/log.ts'

export type { ChunkFor, StoredChunk, TransactionCommit }

export interface Connection {
  /** Those of the named topics that exist. */
  topics(names: readonly string[]): Promise<readonly TopicDetails[]>
  createTopic(spec: TopicSpec): Promise<void>
  offsets(topic: string): Promise<readonly OffsetRange[]>
  /** Per partition the first record of this time or later, or the end. */
  offsetsForTime(topic: string, timestamp: number): Promise<readonly Position[]>
  committed(group: string, topics: readonly string[]): Promise<readonly CommittedPosition[]>
  /** With its records, and the positions of groups in it; does nothing if there is none. */
  deleteTopic(topic: string): Promise<void>
  /** Lets go of the records before these positions. */
  deleteRecords(before: readonly Position[]): Promise<void>
  members(group: string): Promise<readonly MemberInfo[]>
  /** Rejects with `FENCED` while the group has members. */
  setPositions(group: string, positions: readonly CommittedPosition[]): Promise<void>
  /** All or, if it rejects, perhaps all: never some. Resolves when they are on disk. */
  append(chunks: readonly ChunkFor[]): Promise<void>
  /** A new writer under this transactional id; resolves with its epoch. */
  openWriter(id: string): Promise<number>
  /** Once, however often it is asked for; rejects with `FENCED` when there is a newer writer. */
  commitTransaction(transaction: TransactionCommit): Promise<void>
  /**
   * Waits until one of the partitions has something, or until the signal aborts (then there is no answer in the
   * list). At most `MAX_FETCH_BYTES` and one chunk in all. Rejects with `DATA_LOSS` for an offset that is not held.
   */
  fetch(asks: readonly FetchAsk[], signal: AbortSignal): Promise<readonly FetchAnswer[]>
  /** A member of a group, that has yet to join. */
  member(group: string, topics: readonly string[], events: MemberEvents): Membership
  /** Aborted, with the reason, when there is no more to be had from this connection. */
  readonly lost: AbortSignal
  close(): Promise<void>
}

export const MAX_FETCH_BYTES = 8 * 1024 * 1024

export interface TopicDetails {
  readonly topic: string
  readonly partitions: number
  readonly maxMessageBytes: number
  /** Every record needs a key. */
  readonly compacts: boolean
}

export interface FetchAsk extends Position {
  readonly maxBytes: number
}

/** Records from `from` up to `next`; the first chunk may begin before `from`. */
export interface FetchAnswer extends TopicPartition {
  readonly from: number
  readonly next: number
  readonly chunks: readonly StoredChunk[]
}

/** What a group tells a member. */
export interface MemberEvents {
  /** The assignment is about to change: finish, then say `ready`. */
  rebalancing(): void
  assigned(generation: number, share: MemberShare): void
  /** The group goes on without this member. */
  expelled(reason: Error): void
}

export interface Membership {
  /** With what the member says of itself. */
  join(data?: MemberData): Promise<void>
  /** Nothing of the assignment is in flight any more. */
  ready(data?: MemberData): void
  /** Rejects with `FENCED` unless this is the current generation of a group that the member is in. */
  commit(generation: number, positions: readonly CommittedPosition[]): Promise<void>
  leave(): Promise<void>
}
