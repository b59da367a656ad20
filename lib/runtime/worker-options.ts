import type { TopicPartition } from '../record.ts'
import type { Guarantee, Topology } from '../topology/nodes.ts'
import type { Counters } from './counters.ts'
import type { Environment } from './environment.ts'
import type { WorkerEvents } from './events.ts'
import type { GlobalTables } from './global-tables.ts'
import type { BatchLimits } from './micro-batch.ts'
import type { Restores } from './restore-progress.ts'
import type { WorkerView } from './view/worker-view.ts'

export interface WorkerOptions {
  readonly topology: Topology
  readonly environment: Environment
  /** Consumer group and write-clock owner. Default: the topology's name. */
  readonly application?: string
  /** The application with whose generation rows are written, where it is another one: that of a replay. */
  readonly clockOf?: string
  /** What records that it writes to topics are marked with, in header `millrace.generation`. Default: with nothing. */
  readonly generation?: number | undefined
  /** Default: what the topology says. */
  readonly guarantee?: Guarantee
  readonly batch?: Partial<BatchLimits>
  /**
   * Fetched and unprocessed bytes per partition beyond which fetching pauses; with the objects of small records, half as
   * much again. Default 5 MiB, and 64 MiB of all together.
   */
  readonly creditBytes?: number
  /** End by itself when the end offsets found at start have been committed. */
  readonly untilCaughtUp?: boolean
  /**
   * Read nothing of the outside: finish what is in topics of the application's own and in those that it writes itself, and
   * end. With what is in hand of windows nothing is done.
   */
  readonly drain?: boolean
  /** How long `stop` lets work in hand finish before it is given up. Default 6 s. */
  readonly drainTimeout?: number
  /** The command that an error about missing resources names. Default `millrace apply`. */
  readonly cure?: string
  /** Where the state of tasks is kept. Needed for topologies with state. */
  readonly stateDir?: string
  /** How many other workers follow each task with state, to take it over without restoring it. Default 0. (num.standby.replicas) */
  readonly standbys?: number
  /**
   * After how many milliseconds at the ends of its inputs a task holds back the time of those behind its repartition
   * topics no longer. Default 1 s; Infinity: never. (max.task.idle.ms is the nearest in Kafka Streams.)
   */
  readonly idleAfter?: number
  /** How far ahead of the clock timestamps may be, instead of what the inputs say. Milliseconds. */
  readonly futureTolerance?: number
  /** `host:port` at which other instances can ask this one what its stores hold: told to the group. (application.server) */
  readonly endpoint?: string | undefined
  /** After how long a step that has not come back is reported, and how often. Milliseconds; default 30 s. */
  readonly stalledAfter?: number
  readonly now?: () => number
  /** How often what has been read of repartition topics is deleted. Milliseconds, default 30 s. (repartition.purge.interval.ms) */
  readonly purgeInterval?: number
  /** How long the state of a task is kept that has gone elsewhere. Milliseconds, default 10 min. (state.cleanup.delay.ms) */
  readonly cleanupDelay?: number
}

export interface Worker {
  /** Resolves when stopped or caught up; rejects with what made the worker stop. */
  readonly done: Promise<void>
  readonly counters: Counters
  /** Those under way. */
  readonly restores: Restores
  /** For those who ask it while it runs. */
  readonly view: WorkerView
  /** Records of changelogs that its standbys have yet to read. Undefined as long as that is not known. */
  readonly standbyLag: number | undefined
  /** What goes on, as it happens: drops, late records, progress, errors. */
  readonly events: WorkerEvents
  /** The rows of the global tables, by node. */
  readonly globals: GlobalTables['rows']
  /** Whether it has partitions, and their state restored. */
  readonly assigned: boolean
  /**
   * Whether its tasks have committed all that follows from what they have read, windows that are emitted on idle input
   * included.
   */
  readonly settled: boolean
  /** What is paused: everything, or these partitions. */
  readonly paused: 'all' | readonly TopicPartition[]
  /**
   * Reads no more of these partitions, or of any: what is in hand is finished and committed, the group is kept, and who
   * waits for the time of what is paused goes on waiting. It outlives rebalances, but not the worker; other workers of the
   * application are not told. (KafkaStreams#pause, KIP-834)
   */
  pause(partitions?: readonly TopicPartition[]): void
  /** Reads them again; without partitions: all that is paused. */
  resume(partitions?: readonly TopicPartition[]): void
  /** Finishes what is in hand within the drain time-out, commits it, leaves the group. */
  stop(): Promise<void>
}

export const DEFAULT_LIMITS: BatchLimits = { records: 10_000, bytes: 4 << 20, wait: 5 }
