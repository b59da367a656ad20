import { setTimeout as delay } from 'node:timers/promises'
import { MillraceError } from '../errors.ts'
import type { Assignment, BrokerAdmin, BrokerConsumer } from '../ports.ts'
import type { Position } from '../record.ts'
import type { KeptState } from './checkpoint.ts'
import { Committer } from './committer.ts'
import { Idleness } from './idleness.ts'
import type { Processor } from './processor.ts'
import { Task, type TaskOptions } from './task.ts'

/** The tasks of one assignment. */
export interface Running {
  /** By `topic/partition`; several inputs may lead to one task. */
  readonly tasks: ReadonlyMap<string, Task>
  /** Lets micro-batches in hand finish; gives them up, uncommitted, after the time-out (milliseconds). */
  drain(timeout: number): Promise<void>
}

export interface AssignOptions
  extends Pick<TaskOptions, 'outputs' | 'limits' | 'creditBytes' | 'partitionsOf'> {
  readonly consumer: BrokerConsumer
  /** The tasks that the assignment is made up of, their state restored. */
  readonly tasks: readonly PreparedTask[]
  readonly admin: BrokerAdmin
  /** How long a task whose inputs are at their ends is waited for by those it feeds. Milliseconds. */
  readonly idleAfter: number
  readonly failed: (error: unknown) => void
}

/** What a task is made of, before it begins. */
export interface PreparedTask {
  readonly positions: readonly Position[]
  readonly processor: Processor
  readonly state: KeptState | undefined
  readonly covered: ReadonlyMap<string, number>
}

/** One task per sub-topology and partition, all begun. */
export function assign(assignment: Assignment, options: AssignOptions): Running {
  const { consumer, tasks: prepared, failed, admin, idleAfter, ...shared } = options
  const abort = new AbortController()
  const committer = new Committer(consumer, assignment.generation, abort.signal)
  const tasks = new Map<string, Task>()
  const runs: Promise<void>[] = []
  for (const { positions, ...own } of prepared) {
    const task = new Task({
      ...shared,
      ...own,
      inputs: positions.map(({ topic, partition }) => ({ topic, partition })),
      idleness: new Idleness(admin, positions, idleAfter),
      committer,
      flow: (input, state) => consumer.flow([input], state),
      signal: abort.signal,
    })
    for (const { topic, partition } of positions) tasks.set(`${topic}/${partition}`, task)
    runs.push(
      task
        .run()
        .catch((error: unknown) => (abort.signal.aborted || isFenced(error) ? undefined : failed(error))),
    )
  }
  return {
    tasks,
    async drain(timeout) {
      for (const task of new Set(tasks.values())) task.stop()
      const given = new AbortController()
      const finished = Promise.all(runs).finally(() => given.abort())
      await Promise.race([finished, delay(timeout, undefined, { signal: given.signal }).catch(() => {})])
      abort.abort(new MillraceError('FENCED', 'the assignment has ended'))
      await finished
      for (const { state } of prepared) await state?.backend.close()
    },
  }
}

/** The assignment has ended under this task: its work is void, and the new owner does it again. */
function isFenced(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'FENCED'
}
