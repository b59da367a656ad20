import type { Lookup } from '../ports.ts'
import type { Headers } from '../record.ts'
import type { CrashPoint } from './test-task.ts'

export interface TestDriverOptions {
  /** How many partitions every topic has. Default 1. */
  readonly partitions?: number
  /** Where state is kept. Default: in memory. A crash needs a folder. */
  readonly stores?: 'memory' | { readonly dir: string }
  /** What the wall clock shows at the beginning. Default 0. */
  readonly wallClock?: number
  /** How far ahead of the wall clock records may be dated. Milliseconds; default: as far as they like. */
  readonly futureTolerance?: number
  /** Most records in one micro-batch. Default 1. */
  readonly batch?: number
  /**
   * Lets chance choose which task goes on and how large its micro-batch is: the same seed, the same run. Without one,
   * tasks go on in the order of their sub-topologies and partitions.
   */
  readonly seed?: number
  /** What a crash may repeat. Default `exactly-once`: output and state are one step; else output may come twice. */
  readonly guarantee?: 'exactly-once' | 'at-least-once'
  /** Whether a task dies at this point; it is then opened from what it saved last. Default: none does. */
  readonly crash?: (point: CrashPoint, task: string) => boolean
  /** How long a task without input is waited for by those it feeds, by the wall clock. Milliseconds; default 1000. */
  readonly idleAfter?: number
  /** What `lookup` steps find, by the name of their target. */
  readonly lookups?: Readonly<Record<string, Lookup>>
}

export interface TestRecord<K = unknown, V = unknown> {
  readonly key?: K | null
  readonly value: V | null
  readonly timestamp: number
  readonly headers?: Headers
  /** Default: where Kafka's partitioner puts the key. */
  readonly partition?: number
}
