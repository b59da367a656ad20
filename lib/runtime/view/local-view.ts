import { join } from 'node:path'
import type { BrokerAdmin } from '../../broker/broker.ts'
import { MillraceError } from '../../errors.ts'
import type { TopicSerdes } from '../../operators/sink.ts'
import type { TopicPartition } from '../../record.ts'
import type { KeyValueStore } from '../../state/key-value-store.ts'
import { description } from '../../topology/describe.ts'
import type { Node, Topology } from '../../topology/nodes.ts'
import { subTopologiesOf } from '../../topology/sub-topologies.ts'
import type { Counters } from '../counters.ts'
import { type PartitionCounts, taskNames } from '../task-plan.ts'
import { type FoundStore, findStore, isQueryable, storesIn } from './find-store.ts'
import { folderSize } from './folder-size.ts'
import { Lags } from './lags.ts'
import { tasksWithKey } from './locate.ts'
import { namedInputs } from './named-inputs.ts'
import type { ObservedWorker } from './observed-worker.ts'
import { readRows } from './read-rows.ts'
import type { ReadableTask } from './readable-task.ts'
import type {
  Answered,
  Located,
  NamedInputs,
  Paused,
  PausedInputs,
  Refused,
  StoreAnswer,
  StoreQuery,
  TaskInfo,
  WorkerMetrics,
  WorkerStatus,
  WorkerView,
} from './worker-view.ts'

/** What is paused of a worker. Without partitions: everything. */
interface Pausable {
  readonly paused: PausedInputs
  pause(partitions?: readonly TopicPartition[]): void
  resume(partitions?: readonly TopicPartition[]): void
}

interface LocalViewOptions {
  readonly topology: Topology
  readonly application: string
  readonly partitionsOf: PartitionCounts
  readonly serdes: ReadonlyMap<Node, TopicSerdes>
  readonly globals: ReadonlyMap<Node, KeyValueStore<unknown, unknown>>
  readonly counters: Counters
  readonly admin: BrokerAdmin
  readonly observed: ObservedWorker
  readonly worker: Pausable
  /** Where the state of tasks is kept. */
  readonly stateDir?: string | undefined
  readonly now: () => number
}

/** The view of a worker of this thread. */
export class LocalView implements WorkerView {
  readonly #options: LocalViewOptions
  readonly #lags: Lags

  constructor(options: LocalViewOptions) {
    this.#options = options
    this.#lags = new Lags(options.admin, options.now)
  }

  async status(): Promise<WorkerStatus> {
    const { topology, application, partitionsOf, observed, worker } = this.#options
    const { state, generation, owners } = observed
    return {
      topology: topology.name,
      application,
      guarantee: topology.guarantee,
      ...{ state, generation, owners },
      paused: worker.paused,
      description: description(topology),
      stores: storesIn(topology),
      tasks: this.#tasks().map(infoOf),
      allTasks: subTopologiesOf(topology).flatMap((sub) => taskNames(sub, application, partitionsOf)),
    }
  }

  async metrics(): Promise<WorkerMetrics> {
    const { topology, application, counters, observed } = this.#options
    const { commits, rebalances, retakes, tasks, standbys } = observed
    const inputs = tasks.flatMap((task) => task.readTo())
    const sizes = this.#tasks().map(async (task) => {
      const read = await task.read((state) =>
        task.stores.map((store) => [store, state.bytes(store).size] as const),
      )
      return (read?.value ?? []).map(([store, entries]) => ({
        task: task.name,
        store,
        role: task.role,
        entries,
      }))
    })
    return {
      topology: topology.name,
      application,
      counters: counters.snapshot(),
      inputs: await Promise.all(
        inputs.map(async (at) => {
          const { topic, partition, offset } = at
          return { topic, partition, position: offset, lag: await this.#lags.of(at) }
        }),
      ),
      stores: (await Promise.all(sizes)).flat(),
      stateBytes: await this.#stateBytes(),
      restores: observed.restores(),
      commits: commits.counts(),
      ...{ rebalances, retakes },
      activeTasks: tasks.length,
      standbyTasks: standbys.length,
    }
  }

  async locate({
    store,
    key,
  }: {
    readonly store: string
    readonly key?: string | undefined
  }): Promise<Located> {
    const { topology, application, partitionsOf, serdes } = this.#options
    const found = findStore(topology, store)
    if (found === undefined) return { outcome: 'unknown' }
    if (!isQueryable(found.node, found.spec)) return refused(internal(found))
    if (found.sub === undefined) return { outcome: 'located', tasks: [GLOBAL], global: true }
    if (key === undefined) {
      return { outcome: 'located', tasks: taskNames(found.sub, application, partitionsOf), global: false }
    }
    const locating = { application, partitionsOf, serdes: (input: Node) => serdes.get(input)! }
    return refusing(async () => ({
      outcome: 'located',
      tasks: await tasksWithKey(found, key, locating),
      global: false,
    }))
  }

  async query({ store, task, from, ask }: StoreQuery): Promise<StoreAnswer> {
    const { topology, globals, observed } = this.#options
    const found = findStore(topology, store)
    if (found === undefined) return { outcome: 'elsewhere' }
    if (found.sub === undefined) {
      return refusing(async () => ({
        outcome: 'answered',
        ...readRows(found.spec, globals.get(found.node)!, ask),
        served: { task, role: 'global', lag: UNKNOWN, position: {}, committed: true },
      }))
    }
    const own = from === 'active' ? observed.tasks : observed.standbys
    const readable = own.find(({ name }) => name === task)
    if (readable !== undefined) return refusing(() => this.#read(readable, found, ask))
    // Between two assignments nobody has it, and it may well be this one's again.
    return { outcome: observed.state === 'running' ? 'elsewhere' : 'restoring' }
  }

  pause(inputs: NamedInputs): Promise<Paused | Refused> {
    return this.#changed((partitions) => this.#options.worker.pause(partitions), inputs)
  }

  resume(inputs: NamedInputs): Promise<Paused | Refused> {
    return this.#changed((partitions) => this.#options.worker.resume(partitions), inputs)
  }

  #changed(change: Pausable['pause'], inputs: NamedInputs): Promise<Paused | Refused> {
    const { topology, application, partitionsOf, worker } = this.#options
    return refusing(async () => {
      change(namedInputs(inputs, topology, application, partitionsOf))
      return { outcome: 'done', paused: worker.paused }
    })
  }

  async #read(task: ReadableTask, { spec }: FoundStore, ask: StoreQuery['ask']): Promise<StoreAnswer> {
    const looked = await task.read((state) => ({
      ...readRows(spec, state.store(spec), ask),
      readTo: task.readTo(),
    }))
    if (looked === undefined) return { outcome: 'restoring' }
    const { readTo, ...rows } = looked.value
    const position = readTo.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset] as const)
    const served: Answered['served'] = {
      task: task.name,
      role: task.role,
      lag: await this.#lags.ofAll(readTo),
      position: Object.fromEntries(position),
      committed: looked.committed,
    }
    return { outcome: 'answered', ...rows, served }
  }

  async #stateBytes() {
    const { stateDir, application } = this.#options
    if (stateDir === undefined) return []
    const kept = this.#tasks().filter(({ stores }) => stores.length > 0)
    return Promise.all(
      kept.map(async ({ name: task }) => ({
        task,
        bytes: await folderSize(join(stateDir, application, task)),
      })),
    )
  }

  #tasks(): readonly ReadableTask[] {
    const { tasks, standbys } = this.#options.observed
    return [...tasks, ...standbys]
  }
}

/** Stands for the task of a global table. */
const GLOBAL = 'global'

const UNKNOWN = { records: undefined, ms: undefined }

function infoOf({ name: task, role, topics, stores }: ReadableTask): TaskInfo {
  return { task, role, partition: Number(task.split('_')[1]), topics, stores }
}

function internal({ spec, node }: FoundStore): string {
  return `store "${spec.name}" is what step "${node.name}" keeps for itself; GET /stores lists those that can be asked`
}

/** What was asked is wrong: that is an answer. */
async function refusing<A>(answer: () => Promise<A>): Promise<A | Refused> {
  try {
    return await answer()
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'CONFIG') return refused(error.message)
    throw error
  }
}

function refused(message: string): Refused {
  return { outcome: 'refused', message }
}
