import { retrying } from '../backoff.ts'
import type { Broker } from '../broker/broker.ts'
import { isRetriable, messageOf } from '../errors.ts'
import type { Position } from '../record.ts'
import { ChangeloggedState } from '../state/changelogged-state.ts'
import { memoryState } from '../state/memory-state.ts'
import { TaskState } from '../state/task-state.ts'
import type { Topology } from '../topology/nodes.ts'
import type { PreparedTask } from './assignment.ts'
import { type ChangelogPlace, checkpointOf } from './changelog.ts'
import { ChangelogEnds } from './changelog-ends.ts'
import { coveredBy } from './covered-positions.ts'
import { Processor, type ProcessorOptions } from './processor.ts'
import { restore } from './restore.ts'
import type { Restores } from './restore-progress.ts'
import type { TaskFolders } from './task-folders.ts'
import { type PartitionCounts, planTasks, type TaskPlan } from './task-plan.ts'

export interface PrepareOptions
  extends Pick<
    ProcessorOptions,
    | 'bindings'
    | 'globals'
    | 'refusals'
    | 'counters'
    | 'log'
    | 'now'
    | 'futureTolerance'
    | 'stalls'
    | 'events'
    | 'generation'
  > {
  readonly topology: Topology
  readonly application: string
  readonly broker: Broker
  readonly folders: TaskFolders
  readonly partitionsOf: PartitionCounts
  readonly restores: Restores
  readonly signal: AbortSignal
}

/** The tasks of these partitions, their stores open and brought up to their changelogs. */
export async function prepareTasks(
  positions: readonly Position[],
  options: PrepareOptions,
): Promise<PreparedTask[]> {
  const { topology, application, partitionsOf } = options
  const prepared: PreparedTask[] = []
  try {
    for (const plan of planTasks(topology, application, positions, partitionsOf)) {
      options.signal.throwIfAborted()
      prepared.push(await prepare(plan, options))
    }
    return prepared
  } catch (error) {
    // Nothing has been done with them.
    for (const { name, state } of prepared) if (state) options.folders.keep(name, state.backend.inner)
    throw error
  }
}

async function prepare(plan: TaskPlan, options: PrepareOptions): Promise<PreparedTask> {
  const { positions, sub, partition, name, upstreams } = plan
  const { application } = options
  const processor = (state: TaskState) => new Processor({ ...options, sub, partition, state })
  if (plan.stores.length === 0) {
    const state = new TaskState(memoryState(), name, upstreams)
    return { name, positions, processor: processor(state), state: undefined, covered: new Map() }
  }
  const changelogs = { application, partition, stores: plan.stores }
  const backend = await openState(plan, changelogs, options)
  const task = new TaskState(backend, name, upstreams)
  const { log, signal } = options
  const covered = await coveredBy(task, positions, { admin: options.broker.admin, log, signal }).catch(
    async (error: unknown) => {
      await backend.close()
      throw error
    },
  )
  const ends = new ChangelogEnds(options.broker.admin, changelogs)
  const kept = { changelogs, ends, task, backend }
  return {
    name,
    positions,
    processor: processor(task),
    state: kept,
    covered,
  }
}

async function openState(
  plan: TaskPlan,
  changelogs: ChangelogPlace,
  options: PrepareOptions,
): Promise<ChangeloggedState> {
  const { broker, folders, restores, log, signal } = options
  const inner = await folders.take(plan.name)
  // What it has already: of a standby that was promoted, or of an earlier time.
  const checkpoint = checkpointOf(inner.meta)
  const begun = performance.now()
  const watch = { task: plan.name, restores, log }
  const restoring = () => restore(broker, changelogs, inner, signal, watch)
  const { entries, unfinished } = await retrying(restoring, {
    when: isRetriable,
    onRetry: (error) => log.warn({ task: plan.name }, `restoring begins again: ${messageOf(error)}`),
    cap: 2000,
    signal,
  }).catch(async (error: unknown) => {
    await inner.close()
    throw error
  })
  const ms = Math.round(performance.now() - begun)
  log.info({ task: plan.name, checkpoint, entries, unfinished: unfinished.length, ms }, 'state restored')
  const state = new ChangeloggedState(inner)
  for (const { store, key } of unfinished) state.touch(store, key)
  return state
}
