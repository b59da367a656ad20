import type { Consumer } from 'kafkajs'
import { MillraceError } from '../../lib/errors.ts'
import type { ConsumerOptions } from '../../lib/ports.ts'
import type { Position, TopicPartition } from '../../lib/record.ts'
import type { Assignments, Member } from './assignment.ts'
import { type Client, openClient, reach, within } from './client.ts'
import { coPartitionAssigner } from './co-partition-assigner.ts'
import { kafkaError } from './errors.ts'
import { AssignerProtocol } from './kafkajs.ts'
import type { KafkaSettings } from './options.ts'
import type { Batch } from './repairs/batch.ts'
import { Watchdog } from './watchdog.ts'

const DEFAULT_FETCH_BYTES = 1024 * 1024
const RETRY = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5, restartOnFailure: async () => false }

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
  #joining: Promise<void> = Promise.resolve()

  constructor(settings: KafkaSettings, options: ConsumerOptions, assignments: Assignments) {
    const { timing } = settings
    this.#settings = settings
    this.#assignments = assignments
    this.#client = openClient(settings)
    this.#watchdog = new Watchdog(timing.watchdog, () => this.#over.resolve(silent(timing.watchdog)))
    this.#consumer = this.#client.kafka.consumer({
      groupId: options.group,
      partitionAssigners: [coPartitionAssigner(AssignerProtocol)],
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

  /** Rejects with `UNREACHABLE` within the connect timeout; `MISSING` if a topic does not exist. */
  async connect(topics: readonly string[]): Promise<void> {
    try {
      await reach(this.#settings, async () => {
        await this.#consumer.connect()
        await this.#consumer.subscribe({ topics: [...topics], fromBeginning: true })
      })
    } catch (error) {
      this.#client.sever()
      throw error
    }
  }

  /** Joins the group; resolves with the reason when the session is over. */
  async run(): Promise<unknown> {
    this.#watchdog.start()
    this.#joining = this.#consumer
      .run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async ({ batch, resolveOffset }) => {
          const next = this.#assignments.batch(batch as unknown as Batch)
          if (next !== undefined) resolveOffset(String(next - 1))
        },
      })
      .catch((error) => this.#over.resolve(error))
    const reason = await this.#over.promise
    this.#watchdog.stop()
    return reason
  }

  async commit(positions: readonly Position[]): Promise<void> {
    try {
      await this.#consumer.commitOffsets(
        positions.map((position) => ({ ...position, offset: String(position.offset) })),
      )
    } catch (error) {
      throw kafkaError(error, 'committing positions')
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    if (partitions.length > 0) this.#consumer.pause(byTopic(partitions))
  }

  resume(partitions: readonly TopicPartition[]): void {
    if (partitions.length > 0) this.#consumer.resume(byTopic(partitions))
  }

  seek({ topic, partition, offset }: Position): void {
    this.#consumer.seek({ topic, partition, offset: String(offset) })
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

  #listen(): void {
    const { GROUP_JOIN, REBALANCING, CRASH, FETCH, HEARTBEAT } = this.#consumer.events
    const alive = () => this.#watchdog.feed()
    this.#consumer.on(FETCH, alive)
    this.#consumer.on(HEARTBEAT, alive)
    this.#consumer.on(REBALANCING, () => this.#assignments.changing())
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      alive()
      this.#assignments.joined(this, partitionsIn(payload.memberAssignment))
    })
    this.#consumer.on(CRASH, ({ payload }) => this.#over.resolve(payload.error))
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
