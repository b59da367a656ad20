import { setTimeout as delay } from 'node:timers/promises'
import { MillraceError } from '../errors.ts'
import type { Assignment, BrokerConsumer } from '../ports.ts'
import type { TopicPartition } from '../record.ts'
import { Committer } from './committer.ts'
import type { Processor } from './processor.ts'
import { Task, type TaskOptions } from './task.ts'

/** The tasks of one assignment. */
export interface Running {
  /** By `topic/partition`. */
  readonly tasks: ReadonlyMap<string, Task>
  /** Lets micro-batches in hand finish; gives them up, uncommitted, after the time-out (milliseconds). */
  drain(timeout: number): Promise<void>
}

export interface AssignOptions extends Pick<TaskOptions, 'outputs' | 'limits' | 'creditBytes'> {
  readonly consumer: BrokerConsumer
  readonly processor: (partition: TopicPartition) => Processor
  readonly failed: (error: unknown) => void
}

/** One task per partition, all begun. */
export function assign(assignment: Assignment, options: AssignOptions): Running {
  const { consumer, processor, failed, ...shared } = options
  const abort = new AbortController()
  const committer = new Committer(consumer, assignment.generation, abort.signal)
  const tasks = new Map<string, Task>()
  const runs: Promise<void>[] = []
  for (const { topic, partition } of assignment.positions) {
    const task = new Task({
      ...shared,
      partition: { topic, partition },
      processor: processor({ topic, partition }),
      committer,
      flow: (state) => consumer.flow([{ topic, partition }], state),
      signal: abort.signal,
    })
    tasks.set(`${topic}/${partition}`, task)
    runs.push(
      task
        .run()
        .catch((error: unknown) => (abort.signal.aborted || isFenced(error) ? undefined : failed(error))),
    )
  }
  return {
    tasks,
    async drain(timeout) {
      for (const task of tasks.values()) task.stop()
      const given = new AbortController()
      const finished = Promise.all(runs).finally(() => given.abort())
      await Promise.race([finished, delay(timeout, undefined, { signal: given.signal }).catch(() => {})])
      abort.abort(new MillraceError('FENCED', 'the assignment has ended'))
      await finished
    },
  }
}

/** The assignment has ended under this task: its work is void, and the new owner does it again. */
function isFenced(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'FENCED'
}
