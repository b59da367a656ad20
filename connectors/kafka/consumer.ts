import { setTimeout as delay } from 'node:timers/promises'
import { backoffDelay, retrying } from '../../lib/backoff.ts'
import type {
  BrokerAdmin,
  BrokerConsumer,
  CommittedPosition,
  ConsumerListener,
  ConsumerOptions,
} from '../../lib/broker/broker.ts'
import { startPositions } from '../../lib/broker/start-positions.ts'
import { isRetriable, MillraceError, messageOf } from '../../lib/errors.ts'
import type { Position, TopicPartition } from '../../lib/record.ts'
import { Assignments } from './assignment.ts'
import { kafkaError } from './errors.ts'
import type { KafkaSettings } from './options.ts'
import { Session } from './session.ts'

const BACKOFF_BASE_MS = 200
const BACKOFF_CAP_MS = 5_000

/** A member of a consumer group that outlives its sessions: while brokers are away it tries again for ever. */
export class KafkaConsumer implements BrokerConsumer {
  readonly #settings: KafkaSettings
  readonly #admin: BrokerAdmin
  readonly #options: ConsumerOptions
  readonly #stopped = new AbortController()
  #assignments: Assignments | undefined
  #session: Session | undefined
  #living: Promise<void> = Promise.resolve()
  #failed = false

  constructor(settings: KafkaSettings, admin: BrokerAdmin, options: ConsumerOptions) {
    this.#settings = settings
    this.#admin = admin
    this.#options = options
  }

  async start(listener: ConsumerListener): Promise<void> {
    if (this.#assignments !== undefined)
      throw new MillraceError('INTERNAL', 'start() on a consumer that was started')
    const assignments = new Assignments({
      listener,
      positions: (owned, signal) => this.#positions(owned, signal),
      fail: (error) => this.#fail(listener, error),
    })
    this.#assignments = assignments
    this.#session = this.#open(assignments)
    await this.#session.connect()
    this.#living = this.#live(this.#session, assignments).catch((error) => this.#fail(listener, error))
  }

  flow(partitions: readonly TopicPartition[], state: 'paused' | 'flowing'): void {
    this.#assignments?.flow(partitions, state)
  }

  async commit(generation: number, positions: readonly CommittedPosition[]): Promise<void> {
    if (this.#session === undefined || generation !== this.#assignments?.generation) throw fenced(generation)
    if (positions.length > 0) await this.#session.commit(positions)
  }

  retake(generation: number): void {
    this.#assignments?.retake(generation)
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#assignments?.end()
    await this.#session?.close()
    await this.#living
  }

  #open(assignments: Assignments, lastMemberId?: string): Session {
    return new Session(this.#settings, { ...this.#options, lastMemberId }, assignments)
  }

  async #live(first: Session, assignments: Assignments): Promise<void> {
    let session = first
    for (let attempt = 1; ; attempt++) {
      const generation = assignments.generation
      const error = await this.#liveOnce(session, assignments)
      if (this.#stopped.signal.aborted) return
      if (!isRetriable(error)) throw error
      if (assignments.generation > generation + 1) attempt = 1
      await this.#pause(attempt, error)
      if (this.#stopped.signal.aborted) return
      session = this.#open(assignments, session.memberId)
      this.#session = session
    }
  }

  /** Resolves with the reason of the session's end. */
  async #liveOnce(session: Session, assignments: Assignments): Promise<MillraceError> {
    try {
      await session.connect()
      return kafkaError(await session.run(), 'consuming')
    } catch (error) {
      return kafkaError(error, 'consuming')
    } finally {
      assignments.lost()
      await session.close()
    }
  }

  async #pause(attempt: number, error: unknown): Promise<void> {
    const wait = backoffDelay(attempt, BACKOFF_BASE_MS, BACKOFF_CAP_MS)
    const { group } = this.#options
    this.#settings.logger?.({
      level: 'warn',
      message: `consumer of group ${group} starts again in ${wait} ms: ${messageOf(error)}`,
      context: { group, attempt },
    })
    await delay(wait, undefined, { signal: this.#stopped.signal }).catch(() => {})
  }

  #positions(owned: readonly TopicPartition[], signal: AbortSignal): Promise<readonly Position[]> {
    return retrying(() => startPositions(this.#admin, this.#options, owned), {
      when: isRetriable,
      cap: 2_000,
      signal,
    })
  }

  #fail(listener: ConsumerListener, error: unknown): void {
    if (this.#failed || this.#stopped.signal.aborted) return
    this.#failed = true
    this.#stopped.abort()
    this.#assignments?.end()
    void this.#session?.close()
    listener.failed(kafkaError(error, 'consuming'))
  }
}

function fenced(generation: number): MillraceError {
  return new MillraceError('FENCED', `assignment ${generation} has ended; its positions are not committed`)
}
