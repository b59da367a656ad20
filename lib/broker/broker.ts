/**
 * The port of a broker: what millrace asks of Kafka, and of the embedded log. `connectors/` implements it; its
 * conformance suite is in `spec/conformance` and runs against both.
 */
import type { OutRecord, Position, RawRecord, TopicPartition } from '../record.ts'

/** A log of topics and partitions: Kafka, or the embedded log. */
export interface Broker {
  readonly admin: BrokerAdmin
  readonly upkeep: BrokerUpkeep
  /** Opens nothing yet: `start` joins the group. */
  consumer(options: ConsumerOptions): BrokerConsumer
  producer(options: ProducerOptions): Promise<BrokerProducer>
  /** Opens the one writer under a transactional id: see `TransactionalProducer`. */
  transactions(options: TransactionOptions): Promise<TransactionalProducer>
  /**
   * Reads the given ranges once, without a group, committed records only. A range is
   * `[from, to)` in offsets; it ends at `to` even where the last offsets hold no visible record. Ranges of one
   * partition are read one after the other, as they are given.
   */
  read(ranges: readonly Range[]): AsyncIterable<FetchedBatch>
  close(): Promise<void>
}

export interface Range extends TopicPartition {
  readonly from: number
  readonly to: number
}

export interface BrokerAdmin {
  /** Those of the named topics that exist. */
  topics(names: readonly string[]): Promise<readonly TopicInfo[]>
  /** Creates one topic; does nothing if it exists. Resolves when it can be written to. */
  createTopic(spec: TopicSpec): Promise<void>
  /** First offset held, and the end: the last stable offset, beyond which nothing is committed yet. */
  offsets(topic: string): Promise<readonly OffsetRange[]>
  /** Committed positions of a group; partitions without one are left out. */
  committed(group: string, topics: readonly string[]): Promise<readonly CommittedPosition[]>
}

/** For those who clean up: `millrace reset`, and workers behind what they have read. */
export interface BrokerUpkeep {
  /** Per partition the first record of this time (milliseconds since 1970) or later; the end where there is none. */
  offsetsForTime(topic: string, timestamp: number): Promise<readonly Position[]>
  /** With its records and the positions of groups in it. Does nothing if there is none; resolves when it is gone. */
  deleteTopic(topic: string): Promise<void>
  /**
   * Lets go of the records before these positions; what is gone already is no matter. Rejects with `MISSING` for a
   * topic that is not there, `DATA_LOSS` for a position beyond the end.
   */
  deleteRecords(before: readonly Position[]): Promise<void>
  /** Who is in the group, those that died included until their session ends; nobody where there is no such group. */
  members(group: string): Promise<readonly MemberInfo[]>
  /** Stores positions of a group that nobody is in, all at once. Rejects with `FENCED` while it has members. */
  setPositions(group: string, positions: readonly CommittedPosition[]): Promise<void>
}

/** A position as a group keeps it, with a text of whoever committed it, if any. (OffsetAndMetadata) */
export interface CommittedPosition extends Position {
  readonly metadata?: string | undefined
}

export interface MemberInfo {
  readonly clientId: string
  readonly host: string
}

export interface TopicSpec {
  readonly topic: string
  readonly partitions: number
  readonly replicationFactor?: number | undefined
  /** Broker settings by their Kafka names, e.g. `retention.ms`. */
  readonly config?: Readonly<Record<string, string>> | undefined
}

export interface TopicInfo {
  readonly topic: string
  readonly partitions: number
}

export interface OffsetRange {
  readonly partition: number
  readonly earliest: number
  readonly end: number
}

export interface ConsumerOptions {
  readonly group: string
  readonly topics: readonly string[]
  /** Where to start a partition for which the group has no position. `error` refuses (`DATA_LOSS`). */
  readonly startAt: 'earliest' | 'latest' | 'error'
  /** Topics that are started at their beginning all the same: tables, and what the application wrote itself. */
  readonly fromEarliest?: readonly string[] | undefined
  /** Most bytes of one partition in one fetch. */
  readonly fetchBytes?: number | undefined
  /** What this member says of itself, asked for at every joining. Without it partition n of all topics is one task. */
  readonly member?: (() => MemberData) | undefined
}

/** What a member tells its group of itself: what partitions are given out by. (SubscriptionInfo) */
export interface MemberData {
  readonly groups: readonly TaskGroup[]
  /** How many other members are to follow each task that keeps state. (num.standby.replicas) */
  readonly standbys: number
  readonly held: readonly HeldTask[]
  /** The same of members that share a folder for state: none of them follows a task of another. */
  readonly process: string
  /** `host:port` at which others can ask it for its state. (application.server) */
  readonly endpoint?: string | undefined
  /** Of what it runs: the same of members that may share the group's work. */
  readonly fingerprint?: string | undefined
}

/** Topics of which partition n goes to one member, as task `<id>_n`: the inputs of a sub-topology. */
export interface TaskGroup {
  readonly id: string
  readonly topics: readonly string[]
  readonly stateful: boolean
}

/** A task that a member owned until now, or has state of. */
export interface HeldTask {
  readonly task: string
  readonly active: boolean
  /** How far its state is: the larger, the later; comparable between members. */
  readonly upTo: number
}

/**
 * A member of a consumer group. Order of calls: `start` once; `flow` and `commit` while it runs; `stop` once.
 * Fetching, heartbeats and rejoining go on by themselves, however long the records take to process.
 */
export interface BrokerConsumer {
  /** Resolves when connected and joining; rejects with `UNREACHABLE` if no broker answers in time. */
  start(listener: ConsumerListener): Promise<void>
  /** Backpressure: stops or resumes fetching of these partitions. A batch already fetched may still arrive. */
  flow(partitions: readonly TopicPartition[], state: 'paused' | 'flowing'): void
  /**
   * Durably stores positions for the group. Rejects with `FENCED` when `generation` is no longer current
   * (the work will be done again by whoever owns the partition now), `UNREACHABLE` when it is worth trying again.
   */
  commit(generation: number, positions: readonly CommittedPosition[]): Promise<void>
  /**
   * Begins this assignment anew from the positions that are committed: `revoked`, `taking`, `assigned`, under a new
   * generation. The group is not asked, others go on. Does nothing when the generation is no longer current.
   */
  retake(generation: number): void
  /** Leaves the group. After it resolves the listener is not called again. */
  stop(): Promise<void>
}

/** One assignment. Every assignment has its own generation; all that was handed out under an older one is void. */
export interface Assignment {
  readonly generation: number
  /** The partitions this member owns now, each with the position at which it will be read. */
  readonly positions: readonly Position[]
  /** The tasks of other members whose state this one is to follow. */
  readonly standbys: readonly string[]
  /** Every member of the group, this one too. */
  readonly owners: readonly TaskOwner[]
}

/** Where tasks are to be found. (StreamsMetadata) */
export interface TaskOwner {
  readonly endpoint: string | undefined
  readonly fingerprint?: string | undefined
  readonly active: readonly string[]
  readonly standbys: readonly string[]
}

export interface ConsumerListener {
  /**
   * The assignment is about to change or has been lost: begin no new work. Fetching has stopped.
   * Resolves when nothing of the old assignment is in flight; the committed positions are read after that.
   */
  revoked(): Promise<void>
  /**
   * These partitions are about to be this member's. Called before their positions are read: who commits positions in
   * transactions fences earlier owners here, so that what is read then stands.
   */
  taking?(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<void>
  /**
   * A new assignment; batches of it arrive only after this resolves. `signal` aborts when it is void before that: what
   * is thrown then is no failure.
   */
  assigned(assignment: Assignment, signal: AbortSignal): Promise<void>
  /** One partition's next records, in offset order. Must not block: queue it, and use `flow`. */
  batch(batch: FetchedBatch): void
  /** The consumer can't go on by itself. Called at most once. */
  failed(error: unknown): void
}

export interface FetchedBatch extends TopicPartition {
  /** Assignment under which it was fetched; 0 for `Broker.read`. */
  readonly generation: number
  /** May be empty where offsets hold no visible record (control records, aborted data, compaction). */
  readonly records: readonly RawRecord[]
  /** The position after this batch; may lie beyond the last record + 1. */
  readonly next: number
  /** Sum of key, value and header bytes. */
  readonly bytes: number
}

export interface ProducerOptions {
  readonly clientId?: string | undefined
  /** Compression of what is written. Default `none`. */
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd' | undefined
}

/** Writes records. At-least-once: a rejected `send` may have written some of its records. */
export interface BrokerProducer {
  /**
   * Resolves only when every record is acknowledged by all in-sync replicas. The order of `records` is kept per
   * partition. Concurrent calls are allowed; order between them is not promised. Splits by size itself.
   * Rejects with `WRITE` (never retriable: e.g. a record too large), `MISSING` for a topic that is not there, or
   * `UNREACHABLE`.
   */
  send(records: readonly OutRecord[]): Promise<void>
  close(): Promise<void>
}

export interface TransactionOptions extends ProducerOptions {
  /** Only one has it at a time: who opens it fences whoever had it. */
  readonly id: string
  /** Whose positions are committed. */
  readonly group: string
  /**
   * How long a transaction may stay open (milliseconds, default 60,000), longer than a group waits for a silent
   * member: a transaction that nobody settles holds back readers of what it has written to for so long.
   */
  readonly timeout?: number | undefined
}

/**
 * One writer under a transactional id; readers see what it has committed, and nothing else. Opening it fences every
 * earlier one with that id and settles what that had begun: only after that are the group's positions to be read.
 *
 * Calls are made one after another. The first that rejects ends the producer, and whether what was open is committed
 * or not is then not known: open a new one with the same id, read the positions again and go on from there. Codes:
 * `FENCED` when another one has the id (on Kafka also when the transaction was open for too long: who still has the
 * partitions may open a new one), `MISSING` for a topic that is not there, `WRITE` (retriable, but for a record that
 * is too large), `UNREACHABLE`.
 */
export interface TransactionalProducer {
  /** Adds records to the open transaction, or begins one. The order of `records` is kept per partition. */
  send(records: readonly OutRecord[]): Promise<void>
  /** Commits what was sent together with these positions of the group: all of it, or nothing. */
  commit(positions: readonly CommittedPosition[]): Promise<void>
  /** Gives up what was sent since the last commit. */
  abort(): Promise<void>
  /** What is open is given up. */
  close(): Promise<void>
}
