import type { TaskState } from '../../state/task-state.ts'
import type { PreparedTask } from '../assignment.ts'
import type { MicroBatch } from '../micro-batch.ts'
import { CommittedReads, type Looked } from './committed-reads.ts'
import type { Latencies } from './latencies.ts'
import type { ReadableTask, ReadTo } from './readable-task.ts'

/** What others may know of a task that this worker owns. The task tells it when its state changes. */
export class ObservedTask implements ReadableTask {
  readonly name: string
  readonly role = 'active'
  readonly topics: readonly string[]
  readonly stores: readonly string[]
  readonly #reads = new CommittedReads()
  readonly #state: TaskState | undefined
  readonly #commits: Latencies
  /** By topic. */
  readonly #readTo: Map<string, ReadTo>

  constructor(
    { name, positions, state }: Pick<PreparedTask, 'name' | 'positions' | 'state'>,
    commits: Latencies,
  ) {
    this.name = name
    this.topics = positions.map(({ topic }) => topic)
    this.stores = state?.changelogs.stores ?? []
    this.#state = state?.task
    this.#commits = commits
    this.#readTo = new Map(positions.map((at) => [at.topic, { ...at, timestamp: undefined }]))
  }

  /** A micro-batch is about to change the state. */
  begin(): void {
    this.#reads.begin()
  }

  /** Does the last of a micro-batch: what is behind it has been committed. */
  async commit({ records, positions }: MicroBatch, checkpoint: () => Promise<void>): Promise<void> {
    const begun = performance.now()
    await checkpoint()
    if (positions.length > 0) this.#commits.add(performance.now() - begun)
    for (const at of positions) {
      const newest = records.findLast(({ topic }) => topic === at.topic)?.timestamp
      this.#readTo.set(at.topic, { ...at, timestamp: newest ?? this.#readTo.get(at.topic)?.timestamp })
    }
    this.#reads.end()
  }

  /** Its state is given up. */
  close(): void {
    this.#reads.close()
  }

  async read<T>(look: (state: TaskState) => T): Promise<Looked<T> | undefined> {
    const state = this.#state
    return state === undefined ? undefined : this.#reads.read(() => look(state))
  }

  readTo(): readonly ReadTo[] {
    return [...this.#readTo.values()]
  }
}
