import type { Assignment, TaskOwner } from '../../broker/broker.ts'
import type { RestoreProgress } from '../restore-progress.ts'
import { Latencies } from './latencies.ts'
import type { ReadableTask } from './readable-task.ts'
import type { WorkerState } from './worker-view.ts'

/** What a worker writes down of itself as it goes on, for those who ask. */
export class ObservedWorker {
  readonly restores: () => readonly RestoreProgress[]
  readonly commits = new Latencies()
  state: WorkerState = 'starting'
  /** Failed transactions after which it began its assignment anew. */
  retakes = 0
  /** The others that it follows. */
  standbys: readonly ReadableTask[] = []
  #generation = 0
  #assignments = 0
  #owners: readonly TaskOwner[] = []
  #tasks: readonly ReadableTask[] = []

  constructor(restores: () => readonly RestoreProgress[] = () => []) {
    this.restores = restores
  }

  assigning({ generation, owners = [] }: Assignment): void {
    this.state = 'restoring'
    this.#assignments++
    this.#generation = generation
    this.#owners = owners
  }

  running(tasks: readonly ReadableTask[]): void {
    this.state = 'running'
    this.#tasks = tasks
  }

  revoked(): void {
    if (this.state === 'running' || this.state === 'restoring') this.state = 'rebalancing'
    this.#tasks = []
  }

  get generation(): number {
    return this.#generation
  }

  get rebalances(): number {
    return Math.max(0, this.#assignments - this.retakes)
  }

  /** As of the last assignment: in a rebalance nothing better is known. */
  get owners(): readonly TaskOwner[] {
    return this.#owners
  }

  /** Those that are its own, and run. */
  get tasks(): readonly ReadableTask[] {
    return this.#tasks
  }
}
