import { setTimeout as delay } from 'node:timers/promises'
import { backoffDelay, retrying } from '../backoff.ts'
import { isRetriable, MillraceError, messageOf } from '../errors.ts'
import type { Assignment, BrokerConsumer, BrokerProducer, MemberData } from '../ports.ts'
import type { Position, TopicPartition } from '../record.ts'
import { checkName } from '../topology/check-name.ts'
import { fingerprintOf } from '../topology/fingerprint.ts'
import { withGuarantee } from '../topology/guarantee.ts'
import type { Guarantee, Topology } from '../topology/nodes.ts'
import { assign, type Checkpoints, type PreparedTask, type Running } from './assignment.ts'
import { allReached, type Ends, endsOf } from './caught-up.ts'
import { atLeastOnce, exactlyOnce } from './checkpoint.ts'
import { Committer } from './committer.ts'
import { Counters } from './counters.ts'
import type { Environment } from './environment.ts'
import { Events, type WorkerEvents } from './events.ts'
import { GlobalTables } from './global-tables.ts'
import { inputTopics, partitionCounts } from './input-topics.ts'
import type { BatchLimits } from './micro-batch.ts'
import { nowAndThen } from './now-and-then.ts'
import { type OpenTopology, open } from './open.ts'
import { Pauses } from './pauses.ts'
import { prepareTasks } from './prepare-tasks.ts'
import { purge } from './purge.ts'
import { Refusals } from './refusals.ts'
import { requireAlike } from './require-alike.ts'
import { requireResources, resourcesOf } from './resources.ts'
import { Restores } from './restore-progress.ts'
import { reported, rowWriters, takenRowWriters } from './row-writers.ts'
import { sealEnds } from './sealed-ends.ts'
import { Stalls } from './stalls.ts'
import { Standbys } from './standbys.ts'
import { Suspects } from './suspects.ts'
import { TaskFolders } from './task-folders.ts'
import { taskGroups } from './task-groups.ts'
import { namesOfTasks, type PartitionCounts, planTask } from './task-plan.ts'
import { TaskProducers } from './task-producers.ts'
import { LocalView } from './view/local-view.ts'
import { ObservedWorker } from './view/observed-worker.ts'
import type { WorkerView } from './view/worker-view.ts'

export interface WorkerOptions {
  readonly topology: Topology
  readonly environment: Environment
  /** Consumer group and write-clock owner. Default: the topology's name. */
  readonly application?: string
  /** Default: what the topology says. */
  readonly guarantee?: Guarantee
  readonly batch?: Partial<BatchLimits>
  /** Fetched and unprocessed bytes per partition beyond which fetching pauses. Default 4 MiB. */
  readonly creditBytes?: number
  /** End by itself when the end offsets found at start have been committed. */
  readonly untilCaughtUp?: boolean
  /** How long `stop` lets work in hand finish before it is given up. Default 6 s. */
  readonly drainTimeout?: number
  /** The command that an error about missing resources names. Default `millrace apply`. */
  readonly cure?: string
  /** Where the state of tasks is kept. Needed for topologies with state. */
  readonly stateDir?: string
  /** How many other workers follow each task with state, to take it over without restoring it. Default 0. (num.standby.replicas) */
  readonly standbys?: number
  /**
   * After how many milliseconds at the ends of its inputs a task holds back the time of those behind its repartition
   * topics no longer. Default 1 s; Infinity: never. (max.task.idle.ms is the nearest in Kafka Streams.)
   */
  readonly idleAfter?: number
  /** How far ahead of the clock timestamps may be, instead of what the inputs say. Milliseconds. */
  readonly futureTolerance?: number
  /** `host:port` at which other instances can ask this one what its stores hold: told to the group. (application.server) */
  readonly endpoint?: string | undefined
  /** After how long a step that has not come back is reported, and how often. Milliseconds; default 30 s. */
  readonly stalledAfter?: number
  readonly now?: () => number
  /** How often what has been read of repartition topics is deleted. Milliseconds, default 30 s. (repartition.purge.interval.ms) */
  readonly purgeInterval?: number
  /** How long the state of a task is kept that has gone elsewhere. Milliseconds, default 10 min. (state.cleanup.delay.ms) */
  readonly cleanupDelay?: number
}

export interface Worker {
  /** Resolves when stopped or caught up; rejects with what made the worker stop. */
  readonly done: Promise<void>
  readonly counters: Counters
  /** Those under way. */
  readonly restores: Restores
  /** For those who ask it while it runs. */
  readonly view: WorkerView
  /** Records of changelogs that its standbys have yet to read. Undefined as long as that is not known. */
  readonly standbyLag: number | undefined
  /** What goes on, as it happens: drops, late records, progress, errors. */
  readonly events: WorkerEvents
  /** The rows of the global tables, by node. */
  readonly globals: GlobalTables['rows']
  /** Whether it has partitions, and their state restored. */
  readonly assigned: boolean
  /**
   * Whether its tasks have committed all that follows from what they have read, windows that are emitted on idle input
   * included.
   */
  readonly settled: boolean
  /** What is paused: everything, or these partitions. */
  readonly paused: 'all' | readonly TopicPartition[]
  /**
   * Reads no more of these partitions, or of any: what is in hand is finished and committed, the group is kept, and who
   * waits for the time of what is paused goes on waiting. It outlives rebalances, but not the worker; other workers of the
   * application are not told. (KafkaStreams#pause, KIP-834)
   */
  pause(partitions?: readonly TopicPartition[]): void
  /** Reads them again; without partitions: all that is paused. */
  resume(partitions?: readonly TopicPartition[]): void
  /** Finishes what is in hand within the drain time-out, commits it, leaves the group. */
  stop(): Promise<void>
}

export const DEFAULT_LIMITS: BatchLimits = { records: 5000, bytes: 2 << 20, wait: 10 }

/** Milliseconds. */
const IDLE_AFTER = 1000

const PURGE_INTERVAL = 30_000
const CLEANUP_DELAY = 600_000

/** A transaction that has failed is tried again after so long, and longer each time. Milliseconds. */
const RETAKE = { base: 200, cap: 5000 }

/**
 * Runs one topology as a member of its consumer group.
 *
 * @throws MillraceError `MISSING`, `CONTRACT`, `UNREACHABLE` or `DATA_LOSS` before anything is read.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { environment } = options
  const topology = withGuarantee(options.topology, options.guarantee ?? options.topology.guarantee)
  const application = options.application ?? topology.name
  // It names a folder, topics and the group.
  checkName('consumer group', application)
  await requireResources(resourcesOf(topology, application, environment), options.cure)
  const partitionsOf = await partitionCounts(environment.broker.admin, topology, application)
  const opened = await open(topology, application, environment)
  const producer = await environment.broker.producer({ clientId: application })
  const folders = await foldersOf(topology, application, options.stateDir)
  const known = { ...options, topology, application, partitionsOf, folders }
  const worker = new RunningWorker(known, opened, producer)
  try {
    await worker.start()
  } catch (error) {
    await worker.stop()
    throw error
  }
  return worker
}

/** Where nothing is kept no folder is made. */
function foldersOf(topology: Topology, application: string, stateDir?: string): Promise<TaskFolders> {
  const keeps = taskGroups(topology, application).some(({ stateful }) => stateful)
  return TaskFolders.at(application, keeps ? stateDir : undefined)
}

interface RunningOptions extends WorkerOptions {
  readonly folders: TaskFolders
  readonly application: string
  readonly partitionsOf: PartitionCounts
}

class RunningWorker implements Worker {
  readonly counters = new Counters()
  readonly #told = new Events()
  readonly events: WorkerEvents = this.#told
  readonly restores = new Restores()
  readonly view: WorkerView
  readonly done: Promise<void>
  readonly #options: RunningOptions
  readonly #opened: OpenTopology
  readonly #producer: BrokerProducer
  readonly #consumer: BrokerConsumer
  /** The topics of the outside that it reads. */
  readonly #topics: readonly string[]
  readonly #globals: GlobalTables
  readonly #refusals: Refusals
  readonly #suspects: Suspects
  readonly #observed = new ObservedWorker(() => this.restores.snapshot())
  readonly #finish: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly #ending = new AbortController()
  readonly #standbys: Standbys
  /** Whether it has been in the group with none but its like. */
  #ran = false
  /** The tasks that it has or follows, and which partitions of repartition topics it owns. */
  #assignment: Pick<Assignment, 'positions' | 'standbys'> = { positions: [], standbys: [] }
  /** The tasks of the last assignment. */
  #owned: readonly string[] = []
  readonly #pauses = new Pauses()
  readonly #stalls: Stalls
  #assigning: Promise<void> = Promise.resolve()
  #producers: TaskProducers | undefined
  #running: Running | undefined
  /** How often in a row a transaction has failed. */
  #failures = 0
  #drained: Promise<void> = Promise.resolve()
  #stopping: Promise<void> | undefined

  constructor(options: RunningOptions, opened: OpenTopology, producer: BrokerProducer) {
    this.#options = options
    this.#opened = opened
    this.#producer = producer
    this.done = this.#finish.promise
    this.done.catch(() => {})
    const { topology, environment, application } = options
    this.#refusals = new Refusals(topology, this.counters, environment.log, this.#told)
    const { stalledAfter } = options
    this.#stalls = new Stalls({ counters: this.counters, log: environment.log, after: stalledAfter })
    this.#suspects = new Suspects(topology, this.#refusals)
    const { outside, own } = inputTopics(topology, application)
    this.#topics = outside
    this.#consumer = environment.broker.consumer({
      group: application,
      topics: [...outside, ...own],
      startAt: topology.nodes.find((node) => node.kind === 'source')?.startAt ?? 'earliest',
      fromEarliest: [...tableTopics(topology), ...own],
      member: () => this.#memberData(),
    })
    const { broker, log } = environment
    const { folders } = options
    const { signal } = this.#ending
    this.#standbys = new Standbys({ application, broker, folders, log, signal })
    this.#globals = new GlobalTables({
      topology,
      broker: environment.broker,
      serdes: opened.serdes,
      counters: this.counters,
      log: environment.log,
      failed: (error) => this.#end(error),
      signal: this.#ending.signal,
    })
    const { serdes } = opened
    const { partitionsOf, now = Date.now } = options
    const { admin } = environment.broker
    const { counters, globals } = this
    const observed = this.#observed
    const known = { topology, application, partitionsOf, serdes, globals, counters, admin, observed, now }
    this.view = new LocalView({ ...known, worker: this, stateDir: options.stateDir })
  }

  /** What can wait. */
  #keepUp(): void {
    const { topology, application, environment, folders } = this.#options
    const { purgeInterval: every = PURGE_INTERVAL, cleanupDelay = CLEANUP_DELAY } = this.#options
    const { broker, log } = environment
    const { signal } = this.#ending
    const own = new Set(inputTopics(topology, application).own)
    if (own.size > 0) {
      void nowAndThen({ doing: 'purging repartition topics', every, log, signal }, () => {
        const owned = this.#running === undefined ? [] : this.#assignment.positions
        return purge(
          broker,
          application,
          owned.filter(({ topic }) => own.has(topic)),
        )
      })
    }
    void nowAndThen({ doing: 'removing state', every: cleanupDelay, log, signal }, async () => {
      const { positions, standbys } = this.#assignment
      if (this.#running === undefined) return
      const tasks = new Set([...namesOfTasks(topology, application, positions), ...standbys])
      const removed = await folders.removeAllBut(tasks, Date.now() - cleanupDelay)
      if (removed.length > 0) log.info({ tasks: removed }, 'removed the state of tasks that are elsewhere')
    })
  }

  async start(): Promise<void> {
    this.#keepUp()
    const { admin } = this.#options.environment.broker
    const ends = this.#options.untilCaughtUp ? await endsOf(admin, this.#topics) : undefined
    await this.#globals.start()
    await this.#consumer.start({
      revoked: () => this.#drain(),
      taking: (partitions, signal) => this.#taking(partitions, this.#until(signal)),
      assigned: (assignment, signal) => {
        this.#assigning = this.#assigned(assignment, this.#until(signal))
        return this.#assigning
      },
      batch: (batch) => this.#running?.tasks.get(`${batch.topic}/${batch.partition}`)?.offer(batch),
      failed: (error) => this.#end(error),
    })
    if (ends === undefined) return
    this.#caughtUp(ends).then(
      () => this.#end(),
      (error: unknown) => this.#end(error),
    )
  }

  /**
   * The ends of the outside, what has followed from them in topics that it reads itself and, unless ever more comes in,
   * what is shown on idle input.
   */
  async #caughtUp(outside: Ends): Promise<void> {
    const { environment, application, topology, idleAfter = IDLE_AFTER } = this.#options
    const { admin } = environment.broker
    const { signal } = this.#ending
    const { own, written } = inputTopics(topology, application)
    const transactional = this.#exactlyOnce
    const group = { admin, group: application, own: [...own, ...written], transactional }
    await allReached(group, outside, signal)
    const patience = performance.now() + longestIdleness(topology) + 5 * idleAfter
    if (this.settled) return
    while (!this.settled && performance.now() < patience && !signal.aborted) {
      await delay(100, undefined, { signal }).catch(() => {})
    }
    await allReached(group, outside, signal)
  }

  get standbyLag(): number | undefined {
    return this.#standbys.lag
  }

  get globals(): GlobalTables['rows'] {
    return this.#globals.rows
  }

  get #exactlyOnce(): boolean {
    return this.#options.topology.guarantee === 'exactly-once'
  }

  get settled(): boolean {
    const tasks = this.#running?.tasks
    return tasks !== undefined && [...tasks.values()].every((task) => task.settled)
  }

  get assigned(): boolean {
    return this.#running !== undefined
  }

  get paused(): 'all' | readonly TopicPartition[] {
    return this.#pauses.now
  }

  pause(partitions?: readonly TopicPartition[]): void {
    this.#pauses.pause(partitions)
    this.#pausesChanged()
  }

  resume(partitions?: readonly TopicPartition[]): void {
    this.#pauses.resume(partitions)
    this.#pausesChanged()
  }

  #pausesChanged(): void {
    for (const task of new Set(this.#running?.tasks.values())) task.pausesChanged()
  }

  stop(): Promise<void> {
    this.#end()
    return this.#stopping!
  }

  /** Exactly once: whoever had these tasks before is fenced, and only then are their positions read. */
  async #taking(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<void> {
    const { topology, application, environment } = this.#options
    if (!this.#exactlyOnce) return
    const { broker, log } = environment
    this.#producers = new TaskProducers({ broker, application, log, signal })
    await this.#producers.open(namesOfTasks(topology, application, partitions))
  }

  /** What the group gives out tasks by: which of them this worker has, and how far the state is that it has. */
  #memberData(): MemberData {
    const { topology, application, folders, standbys = 0, endpoint } = this.#options
    const upTo = folders.upTo()
    const held = [...new Set([...this.#owned, ...upTo.keys()])].map((task) => {
      return { task, active: this.#owned.includes(task), upTo: upTo.get(task) ?? 0 }
    })
    const groups = taskGroups(topology, application)
    const fingerprint = fingerprintOf(topology)
    return { groups, standbys, held, process: folders.process, endpoint, fingerprint }
  }

  /** Until the assignment is void, or the worker ends. */
  #until(assignment: AbortSignal): AbortSignal {
    return AbortSignal.any([assignment, this.#ending.signal])
  }

  /** Partitions that were added to an input have keys of others: where there is state, that is refused as at start. */
  async #requireKnown(positions: readonly Position[]): Promise<void> {
    const { topology, application, environment, partitionsOf } = this.#options
    if (positions.every(({ topic, partition }) => partition < partitionsOf(topic))) return
    await partitionCounts(environment.broker.admin, topology, application)
  }

  async #assigned(assignment: Assignment, signal: AbortSignal): Promise<void> {
    const { topology, application, environment, folders, partitionsOf, batch } = this.#options
    const { creditBytes = 4 << 20, now = Date.now, idleAfter = IDLE_AFTER, futureTolerance } = this.#options
    this.#observed.assigning(assignment)
    this.#ran = requireAlike(assignment.owners, fingerprintOf(topology), application, this.#ran) || this.#ran
    this.#assignment = assignment
    await this.#requireKnown(assignment.positions)
    const owned = namesOfTasks(topology, application, assignment.positions)
    this.#owned = owned
    await this.#standbys.onlyThese(new Set(assignment.standbys))
    this.#showStandbys()
    await folders.closeAllBut(new Set([...owned, ...assignment.standbys]))
    for (const sink of this.#opened.sinks.values()) {
      await retrying(() => sink.prepare(), { when: isRetriable, signal })
    }
    if (signal.aborted) return
    const { log, broker } = environment
    const { counters, restores } = this
    const refusals = this.#refusals
    const bindings = this.#opened
    const globals = this.#globals.rows
    const shared = {
      topology,
      application,
      broker,
      folders,
      partitionsOf,
      restores,
      bindings,
      globals,
      refusals,
      counters,
      log,
      now,
      events: this.#told,
      futureTolerance,
      stalls: this.#stalls,
      signal,
    }
    const checkpoints = await this.#checkpoints(assignment, signal)
    const tasks = await prepareTasks(assignment.positions, shared)
    this.#running = assign({
      consumer: this.#consumer,
      admin: broker.admin,
      idleAfter,
      tasks,
      checkpoints,
      suspects: this.#exactlyOnce ? this.#suspects : undefined,
      counters,
      limits: { ...DEFAULT_LIMITS, ...batch },
      creditBytes,
      pauses: this.#pauses,
      partitionsOf,
      commits: this.#observed.commits,
      events: this.#told,
      failed: (error) => this.#failed(assignment, error),
      ended: (tasks) => {
        const commit = (positions: readonly Position[]) =>
          this.#consumer.commit(assignment.generation, positions)
        return sealEnds(tasks, broker.admin, commit)
      },
      release: (...task) => this.#release(...task),
    })
    this.#follow(assignment.standbys)
    this.#observed.running(this.#running.observed)
    const partitions = assignment.positions.map(({ topic, partition }) => `${topic}/${partition}`)
    const { generation, standbys } = assignment
    log.info({ generation, partitions, standbys }, 'assigned')
  }

  /** In the background: a state that has yet to be opened, or read, holds nobody up. */
  #follow(tasks: readonly string[]): void {
    const { topology, application, partitionsOf } = this.#options
    const plans = tasks.flatMap((task) => planTask(topology, application, task, partitionsOf) ?? [])
    void this.#standbys.follow(plans).then(() => this.#showStandbys())
  }

  #showStandbys(): void {
    this.#observed.standbys = this.#standbys.all
  }

  /** The state of a task stays open where it may be needed again, and be taken on as it is. */
  async #release({ name, state }: PreparedTask, whole: boolean): Promise<void> {
    if (state === undefined) return
    if (whole) this.#options.folders.keep(name, state.backend.inner)
    else await state.backend.close()
  }

  /** How each task of an assignment commits. */
  async #checkpoints({ generation, positions }: Assignment, signal: AbortSignal): Promise<Checkpoints> {
    const { counters } = this
    const { topology, application } = this.#options
    const { log } = this.#options.environment
    const { sinks } = this.#opened
    const outputs = { producer: this.#producer, refusals: this.#refusals, counters, log }
    const producers = this.#producers
    if (producers === undefined) {
      const rows = reported(rowWriters(sinks), this.#stalls)
      return (signal) => {
        const committer = new Committer(this.#consumer, generation, signal)
        return ({ state }) => atLeastOnce({ outputs, rows, state, committer })
      }
    }
    const taking = namesOfTasks(topology, application, positions).map(async (name) => {
      return [name, reported(await takenRowWriters(sinks, name, signal), this.#stalls)] as const
    })
    const rows = new Map(await Promise.all(taking))
    const committed = () => {
      this.#failures = 0
    }
    return (signal) => {
      // Nobody waits for a transaction that hangs when its tasks are given up.
      signal.addEventListener('abort', () => void producers.close())
      return ({ name, state }) =>
        exactlyOnce({ outputs, rows: rows.get(name)!, state, transactions: producers.of(name), committed })
    }
  }

  /**
   * A transaction that failed is no failure of the worker: the tasks begin anew from what is committed. So does one that
   * was fenced: either the group has given its partitions away, and will say so, or the broker has given it up.
   */
  #failed({ generation }: Assignment, error: unknown): void {
    const fenced = error instanceof MillraceError && error.code === 'FENCED'
    if (!this.#exactlyOnce) {
      // The assignment has ended under this task: its work is void, and the new owner does it again.
      if (!fenced) this.#end(error)
      return
    }
    if (!fenced && !isRetriable(error)) {
      this.#end(error)
      return
    }
    const wait = backoffDelay(++this.#failures, RETAKE.base, RETAKE.cap)
    const { log } = this.#options.environment
    this.#told.failed(error, 'retaken')
    log.warn({ generation }, `going back to what is committed, in ${wait} ms: ${messageOf(error)}`)
    const { signal } = this.#ending
    delay(wait, undefined, { signal }).then(
      () => {
        this.#observed.retakes++
        this.#consumer.retake(generation)
      },
      () => {},
    )
  }

  /** Asked for again while it goes on (a stop in the middle of a rebalance), it is waited for. */
  #drain(): Promise<void> {
    const running = this.#running
    const producers = this.#producers
    this.#observed.revoked()
    this.#running = undefined
    this.#producers = undefined
    const timeout = this.#options.drainTimeout ?? 6000
    if (running !== undefined || producers !== undefined) {
      this.#drained = Promise.resolve(running?.drain(timeout)).finally(() => producers?.close())
    }
    return this.#drained
  }

  /** Every way to end leads through here, once. */
  #end(error?: unknown): void {
    this.#stopping ??= this.#close().then(() => {
      this.#observed.state = error === undefined ? 'stopped' : 'failed'
      if (error !== undefined) this.#told.failed(error, 'stopped')
      this.#told.end()
      if (error === undefined) this.#finish.resolve()
      else this.#finish.reject(error)
    })
  }

  async #close(): Promise<void> {
    const { log } = this.#options.environment
    this.#ending.abort(new MillraceError('FENCED', 'the worker is stopping'))
    // State that is being restored is closed again before the worker has ended.
    await this.#assigning.catch(() => {})
    await this.#drain()
    this.#stalls.close()
    const closed = await Promise.allSettled([
      this.#consumer.stop(),
      this.#producer.close(),
      this.#opened.close(),
      this.#globals.stopped(),
      this.#standbys.stopped(),
    ])
    await this.#options.folders.closeAllBut(new Set())
    for (const result of closed) {
      if (result.status === 'rejected') log.warn({}, `while closing: ${messageOf(result.reason)}`)
    }
  }
}

function longestIdleness({ nodes }: Topology): number {
  return Math.max(0, ...nodes.map((node) => (node.kind === 'window' ? (node.idleness ?? 0) : 0)))
}

function tableTopics(topology: Topology): string[] {
  return topology.nodes.flatMap((node) => (node.kind === 'table' ? [node.topic.name] : []))
}
