import type { Consumer, PartitionAssigner } from 'kafkajs'
import type { CommittedPosition, ConsumerOptions } from '../../lib/broker/broker.ts'
import { MillraceError, messageOf } from '../../lib/errors.ts'
import type { Position, TopicPartition } from '../../lib/record.ts'
import type { Assignments, Member } from './assignment.ts'
import { type Client, openClient } from './client.ts'
import { commitError, kafkaError } from './errors.ts'
import { AssignerProtocol } from './kafkajs.ts'
import type { KafkaSettings } from './options.ts'
import { within } from './reach.ts'
import type { Batch } from './repairs/batch.ts'
import { hookRejoin } from './repairs/rejoin.ts'
import { hookUserData } from './repairs/user-data.ts'
import { stickyAssigner } from './sticky-assigner.ts'
import { decodeUserData, type Given, NOTHING_GIVEN } from './user-data.ts'
import { Watchdog } from './watchdog.ts'

const DEFAULT_FETCH_BYTES = 1024 * 1024
const RETRY = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5, restartOnFailure: async () => false }

export interface SessionOptions extends ConsumerOptions {
  /** Who the consumer was in its last session: the group then need not wait for that member to time out. */
  readonly lastMemberId: string | undefined
}

/**
 * One life of a kafkajs consumer, from its connection to its crash. kafkajs restarts some crashes by itself and in
 * ways that can't be stopped; here a crash is the end, and whoever holds the session opens another one.
 */
export class Session implements Member {
  readonly #settings: KafkaSettings
  readonly #client: Client
  readonly #consumer: Consumer
  readonly #assignments: Assignments
  readonly #over = Promise.withResolvers<unknown>()
  readonly #watchdog: Watchdog
  readonly #topics: readonly string[]
  /** What the assignment that is being received says beside its partitions. */
  #given: Given = NOTHING_GIVEN
  #connected = false
  #memberId: string | undefined
  #joining: Promise<void> = Promise.resolve()

  constructor(settings: KafkaSettings, options: SessionOptions, assignments: Assignments) {
    const { timing } = settings
    this.#settings = settings
    this.#assignments = assignments
    this.#topics = options.topics
    this.#memberId = options.lastMemberId
    this.#client = openClient(settings)
    this.#watchdog = new Watchdog(timing.watchdog, () => this.#over.resolve(silent(timing.watchdog)))
    this.#consumer = this.#client.kafka.consumer({
      groupId: options.group,
      partitionAssigners: [this.#assigner(options)],
      sessionTimeout: timing.session,
      heartbeatInterval: timing.heartbeat,
      rebalanceTimeout: timing.rebalance,
      maxWaitTimeInMs: timing.fetchWait,
      metadataMaxAge: timing.metadataMaxAge,
      maxBytesPerPartition: options.fetchBytes ?? DEFAULT_FETCH_BYTES,
      allowAutoTopicCreation: false,
      retry: RETRY,
    })
    this.#listen()
  }

  get memberId(): string | undefined {
    return this.#memberId
  }

  /** Rejects with `UNREACHABLE` within the connect timeout; `MISSING` if a topic does not exist. */
  async connect(): Promise<void> {
    if (this.#connected) return
    try {
      await this.#client.reach(() => this.#consumer.connect())
      for (const topic of this.#topics) await this.#subscribe(topic)
      this.#connected = true
    } catch (error) {
      this.#client.sever()
      throw error
    }
  }

  /** From the beginning: kafkajs would else read a partition that is added later from its end. */
  async #subscribe(topic: string): Promise<void> {
    try {
      await this.#consumer.subscribe({ topics: [topic], fromBeginning: true })
    } catch (error) {
      throw kafkaError(error, `subscribing to ${topic}`, { topic })
    }
  }

  /** Joins the group; resolves with the reason when the session is over. */
  async run(): Promise<unknown> {
    if (this.#client.severed.aborted) return this.#over.promise
    this.#watchdog.start()
    this.#joining = this.#consumer
      .run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async ({ batch, resolveOffset }) => {
          const next = this.#deliver(batch as unknown as Batch)
          if (next !== undefined) resolveOffset(String(next - 1))
        },
      })
      .catch((error) => this.#over.resolve(error))
    const reason = await this.#over.promise
    this.#watchdog.stop()
    return reason
  }

  /** What the listener throws is a fault of ours, and must not make kafkajs fetch the batch again. */
  #deliver(batch: Batch): number | undefined {
    try {
      return this.#assignments.batch(batch)
    } catch (cause) {
      const { topic, partition } = batch
      const failure = new MillraceError('INTERNAL', `${topic}/${partition}: a batch could not be handed on`, {
        topic,
        partition,
        cause,
      })
      this.#over.resolve(cause instanceof MillraceError ? cause : failure)
      return undefined
    }
  }

  async commit(positions: readonly CommittedPosition[]): Promise<void> {
    try {
      await this.#consumer.commitOffsets(
        positions.map(({ metadata = null, ...position }) => {
          return { ...position, offset: String(position.offset), metadata }
        }),
      )
    } catch (error) {
      throw commitError(error)
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    if (partitions.length > 0) steer(() => this.#consumer.pause(byTopic(partitions)))
  }

  resume(partitions: readonly TopicPartition[]): void {
    if (partitions.length > 0) steer(() => this.#consumer.resume(byTopic(partitions)))
  }

  seek({ topic, partition, offset }: Position): void {
    steer(() => this.#consumer.seek({ topic, partition, offset: String(offset) }))
  }

  /** Leaves the group if that can be done in time. kafkajs can't stop a consumer that is still joining: wait for it. */
  async close(): Promise<void> {
    this.#over.resolve(undefined)
    await within(this.#settings.timing.goodbye, async () => {
      await this.#joining
      await this.#consumer.disconnect()
    }).catch(() => {})
    this.#client.sever()
  }

  /** There are no heartbeats while work in hand is finished: it may take two thirds of the session. */
  #assigner({ lastMemberId, member }: SessionOptions): PartitionAssigner {
    const patience = (this.#settings.timing.session * 2) / 3
    const beforeJoin = () => within(patience, () => this.#assignments.changing()).catch(() => {})
    return (group) => {
      hookRejoin(group.cluster, { beforeJoin, lastMemberId })
      hookUserData(group.cluster, (bytes) => {
        this.#given = decodeUserData<Given>(bytes) ?? NOTHING_GIVEN
      })
      return stickyAssigner(AssignerProtocol, member)(group)
    }
  }

  #listen(): void {
    const { GROUP_JOIN, CRASH, FETCH, HEARTBEAT } = this.#consumer.events
    const alive = () => this.#watchdog.feed()
    this.#consumer.on(FETCH, alive)
    this.#consumer.on(HEARTBEAT, alive)
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      alive()
      this.#memberId = payload.memberId
      this.#assignments.joined(this, { partitions: partitionsIn(payload.memberAssignment), ...this.#given })
    })
    this.#consumer.on(CRASH, ({ payload }) => this.#over.resolve(payload.error))
  }
}

/**
 * kafkajs lets go of the group some time before it tells that it has crashed, and then throws at whoever steers it:
 * the session is as good as over, and another one begins where the positions are.
 */
function steer(order: () => void): void {
  try {
    order()
  } catch (error) {
    if (!messageOf(error).startsWith('Consumer group was not initialized')) throw error
  }
}

function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  return partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] }))
}

function partitionsIn(assignment: Readonly<Record<string, readonly number[]>>): TopicPartition[] {
  return Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  )
}

function silent(milliseconds: number): MillraceError {
  return new MillraceError('UNREACHABLE', `the Kafka client did nothing for ${milliseconds / 1000} s`)
}
