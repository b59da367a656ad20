import { retrying } from '../backoff.ts'
import { isRetriable, MillraceError, messageOf } from '../errors.ts'
import type { Assignment, BrokerConsumer, BrokerProducer } from '../ports.ts'
import { memoryState } from '../state/memory-state.ts'
import { TaskState } from '../state/task-state.ts'
import type { Topology } from '../topology/nodes.ts'
import { type SubTopology, subTopologiesOf, topicOf } from '../topology/sub-topologies.ts'
import { assign, type Running } from './assignment.ts'
import { endsOf, reached } from './caught-up.ts'
import { Counters } from './counters.ts'
import type { Environment } from './environment.ts'
import type { BatchLimits } from './micro-batch.ts'
import { type OpenTopology, open } from './open.ts'
import { Processor } from './processor.ts'
import { Refusals } from './refusals.ts'
import { refuseState } from './refuse-state.ts'
import { requireResources, resourcesOf } from './resources.ts'

export interface WorkerOptions {
  readonly topology: Topology
  readonly environment: Environment
  /** Consumer group and write-clock owner. Default: the topology's name. */
  readonly application?: string
  readonly batch?: Partial<BatchLimits>
  /** Fetched and unprocessed bytes per partition beyond which fetching pauses. Default 4 MiB. */
  readonly creditBytes?: number
  /** End by itself when the end offsets found at start have been committed. */
  readonly untilCaughtUp?: boolean
  /** How long `stop` lets work in hand finish before it is given up. Default 6 s. */
  readonly drainTimeout?: number
  /** The command that an error about missing resources names. Default `millrace apply`. */
  readonly cure?: string
  readonly now?: () => number
}

export interface Worker {
  /** Resolves when stopped or caught up; rejects with what made the worker stop. */
  readonly done: Promise<void>
  readonly counters: Counters
  /** Finishes what is in hand within the drain time-out, commits it, leaves the group. */
  stop(): Promise<void>
}

export const DEFAULT_LIMITS: BatchLimits = { records: 1000, bytes: 1 << 20, wait: 10 }

/**
 * Runs one topology as a member of its consumer group.
 *
 * @throws MillraceError `MISSING`, `CONTRACT`, `UNREACHABLE` or `DATA_LOSS` before anything is read.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { topology, environment } = options
  const application = options.application ?? topology.name
  refuseState(topology)
  await requireResources(resourcesOf(topology, application, environment), options.cure)
  const opened = await open(topology, application, environment)
  const producer = await environment.broker.producer({ clientId: application })
  const worker = new RunningWorker({ ...options, application }, opened, producer)
  try {
    await worker.start()
  } catch (error) {
    await worker.stop()
    throw error
  }
  return worker
}

class RunningWorker implements Worker {
  readonly counters = new Counters()
  readonly done: Promise<void>
  readonly #options: WorkerOptions & { readonly application: string }
  readonly #opened: OpenTopology
  readonly #producer: BrokerProducer
  readonly #consumer: BrokerConsumer
  readonly #finish: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly #ending = new AbortController()
  #running: Running | undefined
  #drained: Promise<void> = Promise.resolve()
  #stopping: Promise<void> | undefined

  constructor(
    options: WorkerOptions & { readonly application: string },
    opened: OpenTopology,
    producer: BrokerProducer,
  ) {
    this.#options = options
    this.#opened = opened
    this.#producer = producer
    this.done = this.#finish.promise
    this.done.catch(() => {})
    const { topology, environment, application } = options
    this.#consumer = environment.broker.consumer({
      group: application,
      topics: sourceTopics(topology),
      startAt: topology.nodes.find((node) => node.kind === 'source')?.startAt ?? 'earliest',
    })
  }

  async start(): Promise<void> {
    const { topology, environment, application } = this.#options
    const { admin } = environment.broker
    const ends = this.#options.untilCaughtUp ? await endsOf(admin, sourceTopics(topology)) : undefined
    await this.#consumer.start({
      revoked: () => this.#drain(),
      assigned: (assignment) => this.#assigned(assignment),
      batch: (batch) => this.#running?.tasks.get(`${batch.topic}/${batch.partition}`)?.offer(batch),
      failed: (error) => this.#end(error),
    })
    if (ends === undefined) return
    reached(admin, application, ends, this.#ending.signal).then(
      () => this.#end(),
      (error: unknown) => this.#end(error),
    )
  }

  stop(): Promise<void> {
    this.#end()
    return this.#stopping!
  }

  async #assigned(assignment: Assignment): Promise<void> {
    const { topology, application, environment, batch, creditBytes = 4 << 20, now = Date.now } = this.#options
    const { signal } = this.#ending
    for (const sink of this.#opened.sinks.values()) {
      await retrying(() => sink.prepare(), { when: isRetriable, signal })
    }
    if (signal.aborted) return
    const { log } = environment
    const { counters } = this
    const refusals = new Refusals(topology, counters, log)
    this.#running = assign(assignment, {
      consumer: this.#consumer,
      subOf: (topic) => subTopologyOf(topology, topic).id,
      processor: ({ topic, partition }) => {
        const sub = subTopologyOf(topology, topic)
        const state = new TaskState(memoryState())
        const bindings = this.#opened
        return new Processor({
          topology,
          sub,
          partition,
          application,
          state,
          bindings,
          refusals,
          counters,
          log,
          now,
        })
      },
      outputs: { producer: this.#producer, sinks: this.#opened.sinks, refusals, counters, log },
      limits: { ...DEFAULT_LIMITS, ...batch },
      creditBytes,
      failed: (error) => this.#end(error),
    })
    const partitions = assignment.positions.map(({ topic, partition }) => `${topic}/${partition}`)
    log.info({ generation: assignment.generation, partitions }, 'assigned')
  }

  /** Asked for again while it goes on (a stop in the middle of a rebalance), it is waited for. */
  #drain(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    if (running !== undefined) this.#drained = running.drain(this.#options.drainTimeout ?? 6000)
    return this.#drained
  }

  /** Every way to end leads through here, once. */
  #end(error?: unknown): void {
    this.#stopping ??= this.#close().then(() => {
      if (error === undefined) this.#finish.resolve()
      else this.#finish.reject(error)
    })
  }

  async #close(): Promise<void> {
    const { log } = this.#options.environment
    this.#ending.abort(new MillraceError('FENCED', 'the worker is stopping'))
    await this.#drain()
    const closed = await Promise.allSettled([
      this.#consumer.stop(),
      this.#producer.close(),
      this.#opened.close(),
    ])
    for (const result of closed) {
      if (result.status === 'rejected') log.warn({}, `while closing: ${messageOf(result.reason)}`)
    }
  }
}

function subTopologyOf(topology: Topology, topic: string): SubTopology {
  const found = subTopologiesOf(topology).find(({ inputs }) => {
    return inputs.some((input) => topicOf(input, topology.name) === topic)
  })
  if (found !== undefined) return found
  throw new MillraceError('INTERNAL', `topic "${topic}" was assigned but is no source`)
}

function sourceTopics(topology: Topology): string[] {
  return topology.nodes.flatMap((node) => (node.kind === 'source' ? [node.topic.name] : []))
}
