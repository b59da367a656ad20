import type { Broker, BrokerConsumer } from '../broker/broker.ts'
import { isRetriable, MillraceError } from '../errors.ts'
import type { Sink } from '../ports.ts'
import type { Node } from '../topology/nodes.ts'
import type { Checkpoints } from './assignment.ts'
import { atLeastOnce, exactlyOnce } from './checkpoint.ts'
import { Committer } from './committer.ts'
import type { Outputs } from './deliver.ts'
import { reported, rowWriters, takenRowWriters } from './row-writers.ts'
import type { Stalls } from './stalls.ts'
import type { Suspects } from './suspects.ts'
import { TaskProducers } from './task-producers.ts'

/** How the tasks of a worker commit, and what it means that one of them has failed. */
export interface Committing {
  /** Who led to a transaction that was refused; undefined where there are none. */
  readonly suspects: Suspects | undefined
  /** Before the positions of these tasks are read. */
  take(tasks: readonly string[], signal: AbortSignal): Promise<void>
  /** For tasks that were taken. */
  checkpoints(tasks: readonly string[], generation: number, signal: AbortSignal): Promise<Checkpoints>
  /**
   * `ignore`: the assignment has ended under the task, its work is void and done again by the new owner; `retake`: the
   * tasks begin anew from what is committed; `end`: the worker can't go on.
   */
  verdict(error: unknown): 'ignore' | 'retake' | 'end'
  /** Failures since the last transaction that was committed. */
  readonly failures: number
  /** The tasks have ended. */
  release(): Promise<void>
}

export interface CommittingOptions {
  readonly application: string
  readonly broker: Broker
  readonly consumer: BrokerConsumer
  readonly sinks: ReadonlyMap<Node, Sink>
  readonly outputs: Outputs
  readonly stalls: Stalls
  readonly suspects: Suspects
}

/** Positions go to the group when all that has come of a micro-batch is acknowledged. */
export class CommittingAtLeastOnce implements Committing {
  readonly suspects = undefined
  readonly failures = 0
  readonly #options: CommittingOptions

  constructor(options: CommittingOptions) {
    this.#options = options
  }

  async take(): Promise<void> {}

  async checkpoints(_: readonly string[], generation: number): Promise<Checkpoints> {
    const { consumer, sinks, outputs, stalls } = this.#options
    const rows = reported(rowWriters(sinks), stalls)
    return (signal) => {
      const committer = new Committer(consumer, generation, signal)
      return ({ state }) => atLeastOnce({ outputs, rows, state, committer })
    }
  }

  verdict(error: unknown): 'ignore' | 'end' {
    return isFenced(error) ? 'ignore' : 'end'
  }

  async release(): Promise<void> {}
}

/** Positions are committed in the transaction that writes what has come of a micro-batch. */
export class CommittingExactlyOnce implements Committing {
  readonly suspects: Suspects
  failures = 0
  readonly #options: CommittingOptions
  #producers: TaskProducers | undefined

  constructor(options: CommittingOptions) {
    this.#options = options
    this.suspects = options.suspects
  }

  /** Whoever had these tasks before is fenced. */
  take(tasks: readonly string[], signal: AbortSignal): Promise<void> {
    const { broker, application, outputs } = this.#options
    this.#producers = new TaskProducers({ broker, application, log: outputs.log, signal })
    return this.#producers.open(tasks)
  }

  async checkpoints(tasks: readonly string[], _: number, signal: AbortSignal): Promise<Checkpoints> {
    const { broker, sinks, outputs, stalls } = this.#options
    const producers = this.#producers!
    const asked = { admin: broker.admin, counters: outputs.counters, signal }
    const taking = tasks.map(async (name) => {
      return [name, reported(await takenRowWriters(sinks, name, asked), stalls)] as const
    })
    const rows = new Map(await Promise.all(taking))
    const committed = () => {
      this.failures = 0
    }
    return (signal) => {
      // Nobody waits for a transaction that hangs when its tasks are given up.
      signal.addEventListener('abort', () => void producers.close())
      return ({ name, state }) =>
        exactlyOnce({ outputs, rows: rows.get(name)!, state, transactions: producers.of(name), committed })
    }
  }

  /**
   * A transaction that failed is no failure of the worker. Nor is one that was fenced: either the group has given its
   * partitions away, and will say so, or the broker has given it up.
   */
  verdict(error: unknown): 'retake' | 'end' {
    if (!isFenced(error) && !isRetriable(error)) return 'end'
    this.failures++
    return 'retake'
  }

  async release(): Promise<void> {
    const producers = this.#producers
    this.#producers = undefined
    await producers?.close()
  }
}

function isFenced(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'FENCED'
}
