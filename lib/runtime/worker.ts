import type { BrokerConsumer, BrokerProducer } from '../broker/broker.ts'
import { MillraceError, messageOf } from '../errors.ts'
import type { TopicPartition } from '../record.ts'
import { checkName } from '../topology/check-name.ts'
import { withGuarantee } from '../topology/guarantee.ts'
import type { Topology } from '../topology/nodes.ts'
import { endsOf } from './caught-up.ts'
import { CommittingAtLeastOnce, CommittingExactlyOnce } from './committing.ts'
import { Counters } from './counters.ts'
import { Events, type WorkerEvents } from './events.ts'
import { GlobalTables } from './global-tables.ts'
import { inputTopics, partitionCounts } from './input-topics.ts'
import { keepUp } from './keep-up.ts'
import { type OpenTopology, open } from './open.ts'
import { Ownership } from './ownership.ts'
import { Pauses } from './pauses.ts'
import { caughtUp, readThrough, sourcePartitions } from './read-through.ts'
import { Refusals } from './refusals.ts'
import { requireResources, resourcesOf } from './resources.ts'
import { Restores } from './restore-progress.ts'
import { Stalls } from './stalls.ts'
import { Standbys } from './standbys.ts'
import { Suspects } from './suspects.ts'
import { TaskFolders } from './task-folders.ts'
import { taskGroups } from './task-groups.ts'
import type { PartitionCounts } from './task-plan.ts'
import { LocalView } from './view/local-view.ts'
import { ObservedWorker } from './view/observed-worker.ts'
import type { WorkerView } from './view/worker-view.ts'
import { DEFAULT_LIMITS, type Worker, type WorkerOptions } from './worker-options.ts'

/** Milliseconds. */
const IDLE_AFTER = 1000
const DRAIN_TIMEOUT = 6000
const CREDIT_BYTES = 5 << 20

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
  await requireResources(resourcesOf(topology, application, environment, options.clockOf), options.cure)
  const partitionsOf = await partitionCounts(environment.broker.admin, topology, application)
  const opened = await open(topology, application, environment, options.clockOf)
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
  readonly restores = new Restores()
  readonly events: WorkerEvents
  readonly view: WorkerView
  readonly done: Promise<void>
  readonly #options: RunningOptions
  readonly #opened: OpenTopology
  readonly #producer: BrokerProducer
  readonly #consumer: BrokerConsumer
  /** The topics of the outside that it reads. */
  readonly #topics: readonly string[]
  readonly #globals: GlobalTables
  readonly #standbys: Standbys
  readonly #ownership: Ownership
  readonly #told = new Events()
  readonly #pauses = new Pauses()
  readonly #stalls: Stalls
  readonly #observed = new ObservedWorker(() => this.restores.snapshot())
  readonly #finish: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly #ending = new AbortController()
  #stopping: Promise<void> | undefined

  constructor(options: RunningOptions, opened: OpenTopology, producer: BrokerProducer) {
    this.#options = options
    this.#opened = opened
    this.#producer = producer
    this.events = this.#told
    this.done = this.#finish.promise
    this.done.catch(() => {})
    const { topology, environment, application, folders, partitionsOf, now = Date.now } = options
    const { broker, log } = environment
    const { serdes } = opened
    const { counters } = this
    const { signal } = this.#ending
    const failed = (error: unknown) => this.#end(error)
    const { outside, own } = inputTopics(topology, application)
    this.#topics = outside
    this.#consumer = broker.consumer({
      group: application,
      topics: [...outside, ...own],
      startAt: topology.nodes.find((node) => node.kind === 'source')?.startAt ?? 'earliest',
      fromEarliest: [...tableTopics(topology), ...own],
      member: () => this.#ownership.memberData(),
    })
    this.#stalls = new Stalls({ counters, log, after: options.stalledAfter })
    this.#standbys = new Standbys({ application, broker, folders, log, signal })
    this.#globals = new GlobalTables({ topology, broker, serdes, counters, log, failed, signal })
    this.#ownership = this.#own(failed)
    const known = { topology, application, partitionsOf, serdes, counters, now, stateDir: options.stateDir }
    const observed = this.#observed
    this.view = new LocalView({
      ...known,
      worker: this,
      globals: this.globals,
      admin: broker.admin,
      observed,
    })
  }

  #own(failed: (error: unknown) => void): Ownership {
    const { topology, environment, application, folders, partitionsOf, futureTolerance, generation } =
      this.#options
    const { batch, creditBytes = CREDIT_BYTES, idleAfter = IDLE_AFTER } = this.#options
    const { drainTimeout = DRAIN_TIMEOUT, standbys: replicas = 0, endpoint, now = Date.now } = this.#options
    const { broker, log } = environment
    const { counters, restores } = this
    const { sinks } = this.#opened
    const refusals = new Refusals(topology, counters, log, this.#told, generation)
    const outputs = { producer: this.#producer, refusals, counters, log }
    const consumer = this.#consumer
    const stalls = this.#stalls
    const suspects = new Suspects(topology, refusals)
    const Committing = topology.guarantee === 'exactly-once' ? CommittingExactlyOnce : CommittingAtLeastOnce
    return new Ownership({
      topology,
      application,
      broker,
      consumer,
      committing: new Committing({ application, broker, consumer, sinks, outputs, stalls, suspects }),
      folders,
      standbys: this.#standbys,
      replicas,
      endpoint,
      partitionsOf,
      bindings: this.#opened,
      sinks,
      globals: this.globals,
      restores,
      refusals,
      counters,
      events: this.#told,
      observed: this.#observed,
      pauses: this.#pauses,
      stalls,
      limits: { ...DEFAULT_LIMITS, ...batch },
      creditBytes,
      idleAfter,
      drainTimeout,
      futureTolerance,
      generation,
      now,
      log,
      failed,
      ending: this.#ending.signal,
    })
  }

  async start(): Promise<void> {
    const { topology, application, environment, folders, purgeInterval, cleanupDelay } = this.#options
    const { broker, log } = environment
    const { signal } = this.#ending
    const ownership = this.#ownership
    keepUp({ topology, application, broker, folders, ownership, purgeInterval, cleanupDelay, log, signal })
    const { untilCaughtUp, drain, partitionsOf } = this.#options
    const ends = untilCaughtUp ? await endsOf(broker.admin, this.#topics) : undefined
    if (drain) this.#pauses.pause(sourcePartitions(topology, application, partitionsOf))
    await this.#globals.start()
    await this.#consumer.start({
      revoked: () => ownership.revoked(),
      taking: (partitions, current) => ownership.taking(partitions, current),
      assigned: (assignment, current) => ownership.assigned(assignment, current),
      batch: (batch) => ownership.batch(batch),
      failed: (error) => this.#end(error),
    })
    if (ends === undefined && !drain) return
    const { idleAfter = IDLE_AFTER } = this.#options
    const { admin } = broker
    const reading = { topology, application, admin, idleAfter, settled: () => this.settled, signal }
    const through = drain ? readThrough(reading) : caughtUp(reading, ends!)
    through.then(
      () => this.#end(),
      (error: unknown) => this.#end(error),
    )
  }

  get standbyLag(): number | undefined {
    return this.#standbys.lag
  }

  get globals(): GlobalTables['rows'] {
    return this.#globals.rows
  }

  get settled(): boolean {
    return this.#ownership.settled
  }

  get assigned(): boolean {
    return this.#ownership.running !== undefined
  }

  get paused(): 'all' | readonly TopicPartition[] {
    return this.#pauses.now
  }

  pause(partitions?: readonly TopicPartition[]): void {
    this.#pauses.pause(partitions)
    this.#ownership.pausesChanged()
  }

  resume(partitions?: readonly TopicPartition[]): void {
    this.#pauses.resume(partitions)
    this.#ownership.pausesChanged()
  }

  stop(): Promise<void> {
    this.#end()
    return this.#stopping!
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
    await this.#ownership.close()
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

function tableTopics(topology: Topology): string[] {
  return topology.nodes.flatMap((node) => (node.kind === 'table' ? [node.topic.name] : []))
}
