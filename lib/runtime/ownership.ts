import { setTimeout as delay } from 'node:timers/promises'
import { backoffDelay, retrying } from '../backoff.ts'
import type {
  Assignment,
  BrokerConsumer,
  ConsumerListener,
  FetchedBatch,
  MemberData,
} from '../broker/broker.ts'
import { isRetriable, messageOf } from '../errors.ts'
import type { Sink } from '../ports.ts'
import type { Position, TopicPartition } from '../record.ts'
import { fingerprintOf } from '../topology/fingerprint.ts'
import type { Node } from '../topology/nodes.ts'
import { assign, type Checkpoints, type PreparedTask, type Running } from './assignment.ts'
import type { Committing } from './committing.ts'
import type { Events } from './events.ts'
import { partitionCounts } from './input-topics.ts'
import type { BatchLimits } from './micro-batch.ts'
import type { Pauses } from './pauses.ts'
import { type PrepareOptions, prepareTasks } from './prepare-tasks.ts'
import { requireAlike } from './require-alike.ts'
import { sealEnds } from './sealed-ends.ts'
import type { Standbys } from './standbys.ts'
import type { Task } from './task.ts'
import { taskGroups } from './task-groups.ts'
import { namesOfTasks, planTask } from './task-plan.ts'
import type { ObservedWorker } from './view/observed-worker.ts'

export interface OwnershipOptions extends Omit<PrepareOptions, 'signal' | 'events'> {
  readonly events: Events
  readonly consumer: BrokerConsumer
  readonly committing: Committing
  readonly sinks: ReadonlyMap<Node, Sink>
  readonly standbys: Standbys
  readonly pauses: Pauses
  readonly observed: ObservedWorker
  readonly limits: BatchLimits
  readonly creditBytes: number
  readonly idleAfter: number
  readonly drainTimeout: number
  /** How many other workers are to follow each task with state. */
  readonly replicas: number
  readonly endpoint: string | undefined
  /** The worker can't go on. */
  readonly failed: (error: unknown) => void
  /** Aborts when the worker ends. */
  readonly ending: AbortSignal
}

/** A transaction that has failed is tried again after so long, and longer each time. Milliseconds. */
const RETAKE = { base: 200, cap: 5000 }

/**
 * What a worker owns: takes the partitions that the group gives it, runs their tasks, and gives them back. It is the
 * listener of its consumer, whose calls come one after another.
 */
export class Ownership implements Omit<ConsumerListener, 'failed'> {
  readonly #options: OwnershipOptions
  /** The last one. */
  #assignment: Pick<Assignment, 'positions' | 'standbys'> = { positions: [], standbys: [] }
  /** Whether it has been in the group with none but its like. */
  #ran = false
  #assigning: Promise<void> = Promise.resolve()
  #running: Running | undefined
  #drained: Promise<void> = Promise.resolve()
  /** The last generation that is given up to begin anew: tasks that share a transaction fail together. */
  #retaken: number | undefined

  constructor(options: OwnershipOptions) {
    this.#options = options
  }

  /** Undefined while it has none. */
  get running(): Running | undefined {
    return this.#running
  }

  /** Whether its tasks have committed all that follows from what they have read. */
  get settled(): boolean {
    return this.#tasks().every((task) => task.settled) && this.#running !== undefined
  }

  /** The tasks and partitions of the last assignment. */
  get assignment(): Pick<Assignment, 'positions' | 'standbys'> {
    return this.#assignment
  }

  pausesChanged(): void {
    for (const task of this.#tasks()) task.pausesChanged()
  }

  /** What the group gives out tasks by: which of them this worker has, and how far the state is that it has. */
  memberData(): MemberData {
    const { topology, application, folders, replicas, endpoint } = this.#options
    const owned = this.#owned()
    const upTo = folders.upTo()
    const held = [...new Set([...owned, ...upTo.keys()])].map((task) => {
      return { task, active: owned.includes(task), upTo: upTo.get(task) ?? 0 }
    })
    const groups = taskGroups(topology, application)
    const fingerprint = fingerprintOf(topology)
    return { groups, standbys: replicas, held, process: folders.process, endpoint, fingerprint }
  }

  batch(batch: FetchedBatch): void {
    this.#running?.tasks.get(`${batch.topic}/${batch.partition}`)?.offer(batch)
  }

  taking(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<void> {
    return this.#options.committing.take(partitions, this.#until(signal))
  }

  assigned(assignment: Assignment, signal: AbortSignal): Promise<void> {
    this.#assigning = this.#take(assignment, this.#until(signal))
    return this.#assigning
  }

  /** Asked for again while it goes on (a stop in the middle of a rebalance), it is waited for. */
  revoked(): Promise<void> {
    const { observed, committing, drainTimeout } = this.#options
    const running = this.#running
    observed.revoked()
    this.#running = undefined
    this.#drained = Promise.all([this.#drained, running?.drain(drainTimeout)])
      .then(() => {})
      .finally(() => committing.release())
    return this.#drained
  }

  /** The worker ends: state that is being restored is closed again before it has. */
  async close(): Promise<void> {
    await this.#assigning.catch(() => {})
    await this.revoked()
  }

  async #take(assignment: Assignment, signal: AbortSignal): Promise<void> {
    const { topology, application, folders, standbys, sinks, committing, observed, log } = this.#options
    const { generation, positions } = assignment
    observed.assigning(assignment)
    this.#ran = requireAlike(assignment.owners, fingerprintOf(topology), application, this.#ran) || this.#ran
    this.#assignment = assignment
    await this.#requireKnown(positions)
    const owned = this.#owned()
    await standbys.onlyThese(new Set(assignment.standbys))
    observed.standbys = standbys.all
    await folders.closeAllBut(new Set([...owned, ...assignment.standbys]))
    for (const sink of sinks.values()) {
      await retrying(() => sink.prepare(), { when: isRetriable, signal })
    }
    if (signal.aborted) return
    const checkpoints = await committing.checkpoints({ generation, positions, tasks: owned }, signal)
    const tasks = await prepareTasks(positions, { ...this.#options, signal })
    this.#running = this.#run(tasks, checkpoints, generation)
    observed.running(this.#running.observed)
    this.#follow(assignment.standbys)
    const partitions = positions.map(({ topic, partition }) => `${topic}/${partition}`)
    log.info({ generation, partitions, standbys: assignment.standbys }, 'assigned')
  }

  /** Partitions that were added to an input have keys of others: where there is state, that is refused as at start. */
  async #requireKnown(positions: readonly Position[]): Promise<void> {
    const { topology, application, broker, partitionsOf } = this.#options
    if (positions.every(({ topic, partition }) => partition < partitionsOf(topic))) return
    await partitionCounts(broker.admin, topology, application)
  }

  #run(tasks: readonly PreparedTask[], checkpoints: Checkpoints, generation: number): Running {
    const { broker, committing, observed } = this.#options
    return assign({
      ...this.#options,
      admin: broker.admin,
      tasks,
      checkpoints,
      suspects: committing.suspects,
      commits: observed.commits,
      failed: (error) => this.#failed(generation, error),
      ended: (ended) => sealEnds(ended, broker.admin, (at) => committing.commit(generation, at)),
      release: (task, whole) => this.#release(task, whole),
    })
  }

  /** In the background: a state that has yet to be opened, or read, holds nobody up. */
  #follow(tasks: readonly string[]): void {
    const { topology, application, partitionsOf, standbys, observed } = this.#options
    const plans = tasks.flatMap((task) => planTask(topology, application, task, partitionsOf) ?? [])
    void standbys.follow(plans).then(() => {
      observed.standbys = standbys.all
    })
  }

  /** The state of a task stays open where it may be needed again, and be taken on as it is. */
  async #release({ name, state }: PreparedTask, whole: boolean): Promise<void> {
    if (state === undefined) return
    if (whole) this.#options.folders.keep(name, state.backend.inner)
    else await state.backend.close()
  }

  #failed(generation: number, error: unknown): void {
    const { committing, consumer, events, observed, failed, ending, log } = this.#options
    const verdict = committing.verdict(error)
    if (verdict === 'end') failed(error)
    if (verdict !== 'retake' || generation === this.#retaken) return
    this.#retaken = generation
    const wait = backoffDelay(committing.retaken(), RETAKE.base, RETAKE.cap)
    events.failed(error, 'retaken')
    log.warn({ generation }, `going back to what is committed, in ${wait} ms: ${messageOf(error)}`)
    delay(wait, undefined, { signal: ending }).then(
      () => {
        observed.retakes++
        consumer.retake(generation)
      },
      () => {},
    )
  }

  #tasks(): readonly Task[] {
    return [...new Set(this.#running?.tasks.values())]
  }

  /** The names of its tasks. */
  #owned(): string[] {
    const { topology, application } = this.#options
    return namesOfTasks(topology, application, this.#assignment.positions)
  }

  /** Until the assignment is void, or the worker ends. */
  #until(assignment: AbortSignal): AbortSignal {
    return AbortSignal.any([assignment, this.#options.ending])
  }
}
