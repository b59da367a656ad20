import { once } from 'node:events'
import { retrying } from '../backoff.ts'
import type { Broker, BrokerConsumer } from '../broker/broker.ts'
import { isRetriable, MillraceError } from '../errors.ts'
import type { Sink } from '../ports.ts'
import type { Position, TopicPartition } from '../record.ts'
import type { Node } from '../topology/nodes.ts'
import type { Checkpoints } from './assignment.ts'
import { atLeastOnce, exactlyOnce } from './checkpoint.ts'
import { Committer } from './committer.ts'
import type { Outputs } from './deliver.ts'
import { fenceWriters } from './former-writers.ts'
import { reported, rowWriters, takenRowWriters } from './row-writers.ts'
import { SharedTransactions } from './shared-transactions.ts'
import type { Stalls } from './stalls.ts'
import type { Suspects } from './suspects.ts'

/** How the tasks of a worker commit, and what it means that one of them has failed. */
export interface Committing {
  /** Who led to a transaction that was refused; undefined where there are none. */
  readonly suspects: Suspects | undefined
  /** Before the positions of these partitions are read. */
  take(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<void>
  /** For partitions that were taken, before the first record of them is read. */
  checkpoints(taken: Taken, signal: AbortSignal): Promise<Checkpoints>
  /** Positions of a task that no checkpoint brings. */
  commit(generation: number, positions: readonly Position[]): Promise<void>
  /**
   * `ignore`: the assignment has ended under the task, its work is void and done again by the new owner; `retake`: the
   * tasks begin anew from what is committed; `end`: the worker can't go on.
   */
  verdict(error: unknown): 'ignore' | 'retake' | 'end'
  /** Told of a failure for which tasks begin anew: how many it has been since the last transaction that was committed. */
  retaken(): number
  /** The tasks have ended. */
  release(): Promise<void>
}

export interface Taken {
  readonly generation: number
  readonly positions: readonly Position[]
  /** Their tasks. */
  readonly tasks: readonly string[]
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
  readonly #options: CommittingOptions

  constructor(options: CommittingOptions) {
    this.#options = options
  }

  async take(): Promise<void> {}

  async checkpoints({ generation }: Taken): Promise<Checkpoints> {
    const { consumer, sinks, outputs, stalls } = this.#options
    const rows = reported(rowWriters(sinks), stalls)
    return (signal) => {
      const committer = new Committer(consumer, generation, signal)
      return ({ state }) => atLeastOnce({ outputs, rows, state, committer })
    }
  }

  commit(generation: number, positions: readonly Position[]): Promise<void> {
    return this.#options.consumer.commit(generation, positions)
  }

  verdict(error: unknown): 'ignore' | 'end' {
    return isFenced(error) ? 'ignore' : 'end'
  }

  retaken(): number {
    return 0
  }

  async release(): Promise<void> {}
}

/** Positions are committed in the transaction that writes what has come of a micro-batch. */
export class CommittingExactlyOnce implements Committing {
  readonly suspects: Suspects
  #failures = 0
  readonly #options: CommittingOptions
  #transactions: SharedTransactions | undefined

  constructor(options: CommittingOptions) {
    this.#options = options
    this.suspects = options.suspects
  }

  /** Whoever had these partitions before is fenced. */
  async take(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<void> {
    const { broker, application, outputs, suspects } = this.#options
    const committed = () => {
      this.#failures = 0
    }
    const known = { broker, application, log: outputs.log, signal }
    const transactions = new SharedTransactions({ ...known, suspects, committed })
    this.#transactions = transactions
    await Promise.all([fenceWriters(partitions, known), transactions.open()])
  }

  async checkpoints({ tasks, positions, generation }: Taken, signal: AbortSignal): Promise<Checkpoints> {
    const { broker, sinks, outputs, stalls } = this.#options
    const transactions = this.#transactions!
    await this.#claim(generation, positions, signal)
    const asked = { admin: broker.admin, counters: outputs.counters, signal }
    const taking = tasks.map(async (name) => {
      return [name, reported(await takenRowWriters(sinks, name, asked), stalls)] as const
    })
    const rows = new Map(await Promise.all(taking))
    return (signal) => {
      // Nobody waits for a transaction that hangs when its tasks are given up.
      signal.addEventListener('abort', () => void transactions.close())
      return ({ name: task, state }) =>
        exactlyOnce({
          outputs,
          rows: rows.get(task)!,
          state,
          commit: (records, positions) => transactions.commit({ task, records, positions }),
        })
    }
  }

  commit(generation: number, positions: readonly Position[]): Promise<void> {
    return this.#options.consumer.commit(generation, this.#transactions!.signed(positions))
  }

  /** Says to the group whom to fence after us, where we begin. Who is told that he is late waits to be told more. */
  async #claim(generation: number, positions: readonly Position[], signal: AbortSignal): Promise<void> {
    try {
      await retrying(() => this.commit(generation, positions), { when: isRetriable, cap: 2000, signal })
    } catch (error) {
      if (!isFenced(error)) throw error
      if (!signal.aborted) await once(signal, 'abort')
      throw error
    }
  }

  /**
   * A transaction that failed is no failure of the worker. Nor is one that was fenced: either the group has given its
   * partitions away, and will say so, or the broker has given it up.
   */
  verdict(error: unknown): 'retake' | 'end' {
    return isFenced(error) || isRetriable(error) ? 'retake' : 'end'
  }

  retaken(): number {
    return ++this.#failures
  }

  async release(): Promise<void> {
    const transactions = this.#transactions
    this.#transactions = undefined
    await transactions?.close()
  }
}

function isFenced(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'FENCED'
}
