import { setTimeout as delay } from 'node:timers/promises'
import type { BrokerAdmin, BrokerConsumer } from '../broker/broker.ts'
import { MillraceError } from '../errors.ts'
import type { Position } from '../record.ts'
import type { Checkpoint, KeptState } from './checkpoint.ts'
import { Idleness } from './idleness.ts'
import type { BatchLimits } from './micro-batch.ts'
import type { Processor } from './processor.ts'
import type { EndedTask } from './sealed-ends.ts'
import type { Suspects } from './suspects.ts'
import { Task, type TaskOptions } from './task.ts'
import type { Latencies } from './view/latencies.ts'
import { ObservedTask } from './view/observed-task.ts'

/** Of the fetched and unprocessed bytes of all inputs together, if there are many. */
const CREDIT_OF_ALL = 64 << 20

/** The tasks of one assignment. */
export interface Running {
  /** By `topic/partition`; several inputs may lead to one task. */
  readonly tasks: ReadonlyMap<string, Task>
  /** What others may know of each of them. */
  readonly observed: readonly ObservedTask[]
  /** Lets micro-batches in hand finish; gives them up, uncommitted, after the time-out (milliseconds). */
  drain(timeout: number): Promise<void>
}

export interface AssignOptions
  extends Pick<TaskOptions, 'counters' | 'limits' | 'creditBytes' | 'pauses' | 'partitionsOf' | 'events'> {
  readonly consumer: BrokerConsumer
  /** The tasks that the assignment is made up of, their state restored. */
  readonly tasks: readonly PreparedTask[]
  readonly admin: BrokerAdmin
  /** How long a task whose inputs are at their ends is waited for by those it feeds. Milliseconds. */
  readonly idleAfter: number
  readonly checkpoints: Checkpoints
  readonly suspects: Suspects | undefined
  readonly commits: Latencies
  readonly failed: (error: unknown) => void
  /** Told of the tasks that have ended in order, before their state is released. */
  readonly ended: (tasks: readonly EndedTask[]) => Promise<void>
  /** What becomes of a task that has ended. `whole`: all that it has done was committed, and its state is what was saved. */
  readonly release: (task: PreparedTask, whole: boolean) => Promise<void>
}

/** How each task commits; `signal` ends with the assignment. */
export type Checkpoints = (signal: AbortSignal) => (task: PreparedTask) => Checkpoint

/** What a task is made of, before it begins. */
export interface PreparedTask {
  /** `<sub-topology>_<partition>` */
  readonly name: string
  readonly positions: readonly Position[]
  readonly processor: Processor
  readonly state: KeptState | undefined
  readonly covered: ReadonlyMap<string, number>
}

/** One task per sub-topology and partition, all begun. */
export function assign(options: AssignOptions): Running {
  const { consumer, tasks: prepared, failed, admin, idleAfter, checkpoints, limits } = options
  const { commits, counters, creditBytes, pauses, partitionsOf, suspects, events, release, ended } = options
  const abort = new AbortController()
  const checkpointOf = checkpoints(abort.signal)
  const tasks = new Map<string, Task>()
  const observed: ObservedTask[] = []
  const runs: Promise<void>[] = []
  /** Those that have ended, and all that they did was committed. */
  const whole = new Map<PreparedTask, ObservedTask>()
  const inputs = prepared.reduce((sum, { positions }) => sum + positions.length, 0)
  for (const one of prepared) {
    const { name, positions, processor, state, covered } = one
    const known = new ObservedTask(one, commits)
    const task = new Task({
      counters,
      creditBytes: Math.min(creditBytes, Math.ceil(CREDIT_OF_ALL / inputs)),
      pauses,
      partitionsOf,
      suspects,
      observed: known,
      name,
      limits: carefully(limits, () => suspects?.isCareful(name) === true),
      events,
      processor,
      covered,
      stateful: state !== undefined,
      checkpoint: checkpointOf(one),
      inputs: positions.map(({ topic, partition }) => ({ topic, partition })),
      idleness: new Idleness(admin, positions, idleAfter),
      flow: (input, state) => consumer.flow([input], state),
      signal: abort.signal,
    })
    for (const { topic, partition } of positions) tasks.set(`${topic}/${partition}`, task)
    observed.push(known)
    const run = task.run().then(
      () => void whole.set(one, known),
      (error: unknown) => (abort.signal.aborted ? undefined : failed(error)),
    )
    runs.push(run)
  }
  return {
    tasks,
    observed,
    async drain(timeout) {
      for (const task of new Set(tasks.values())) task.stop()
      const given = new AbortController()
      const finished = Promise.all(runs).finally(() => given.abort())
      await Promise.race([finished, delay(timeout, undefined, { signal: given.signal }).catch(() => {})])
      abort.abort(new MillraceError('FENCED', 'the assignment has ended'))
      await finished
      const kept = [...whole].flatMap(([{ state }, known]) => {
        return state === undefined ? [] : [{ state, positions: known.readTo() }]
      })
      // A state that could not be saved is opened again by who goes on with it.
      await ended(kept).catch(() => whole.clear())
      for (const one of prepared) await release(one, whole.has(one))
    },
  }
}

/** Record by record where that is needed. */
function carefully(limits: BatchLimits, isNeeded: () => boolean): BatchLimits {
  return {
    ...limits,
    get records() {
      return isNeeded() ? 1 : limits.records
    },
  }
}
