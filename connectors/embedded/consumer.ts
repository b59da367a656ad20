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
import type { Logger } from '../../lib/log.ts'
import type { Position, TopicPartition } from '../../lib/record.ts'
import { Assignments } from './assignments.ts'
import type { Link } from './door/link.ts'
import { Session } from './session.ts'

const DEFAULT_FETCH_BYTES = 1024 * 1024
const BACKOFF_BASE_MS = 50
const BACKOFF_CAP_MS = 2_000

export interface EmbeddedConsumerOptions extends ConsumerOptions {
  readonly link: Link
  readonly admin: BrokerAdmin
  readonly logger: Logger
}

/** A member of a consumer group that outlives its sessions: while the log has no owner it tries again for ever. */
export class EmbeddedConsumer implements BrokerConsumer {
  readonly #options: EmbeddedConsumerOptions
  readonly #stopped = new AbortController()
  #assignments: Assignments | undefined
  #session: Session | undefined
  #living: Promise<void> = Promise.resolve()
  #failed = false

  constructor(options: EmbeddedConsumerOptions) {
    this.#options = options
  }

  async start(listener: ConsumerListener): Promise<void> {
    if (this.#assignments !== undefined)
      throw new MillraceError('INTERNAL', 'start() on a consumer that was started')
    const assignments = new Assignments({
      listener,
      positions: (owned, signal) => this.#positions(owned, signal),
      fetchBytes: this.#options.fetchBytes ?? DEFAULT_FETCH_BYTES,
      fail: (error) => this.#fail(listener, error),
    })
    this.#assignments = assignments
    await this.#requireTopics()
    this.#living = this.#live(assignments).catch((error) => this.#fail(listener, error))
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

  async #requireTopics(): Promise<void> {
    const { admin, topics } = this.#options
    const found = new Set((await admin.topics(topics)).map(({ topic }) => topic))
    const missing = topics.find((topic) => !found.has(topic))
    if (missing === undefined) return
    throw new MillraceError('MISSING', `Topic ${missing} does not exist; \`millrace apply\` creates it`, {
      topic: missing,
    })
  }

  async #live(assignments: Assignments): Promise<void> {
    for (let attempt = 0; !this.#stopped.signal.aborted; ) {
      try {
        const connection = await this.#options.link.connection()
        attempt = 0
        await this.#liveOnce(new Session(connection, this.#options, assignments))
      } catch (error) {
        assignments.lost()
        if (this.#stopped.signal.aborted) return
        if (!isRetriable(error)) throw error
        await this.#pause(++attempt, error)
      }
    }
  }

  /** Rejects with the reason of the session's end, unless it was asked for. */
  async #liveOnce(session: Session): Promise<void> {
    if (this.#stopped.signal.aborted) return
    this.#session = session
    const reason = await session.run()
    this.#session = undefined
    await session.close()
    if (!this.#stopped.signal.aborted) throw reason
  }

  async #pause(attempt: number, error: unknown): Promise<void> {
    const { group, logger } = this.#options
    const wait = backoffDelay(attempt, BACKOFF_BASE_MS, BACKOFF_CAP_MS)
    logger.warn(
      { group, attempt },
      `consumer of group ${group} joins again in ${wait} ms: ${messageOf(error)}`,
    )
    await delay(wait, undefined, { signal: this.#stopped.signal }).catch(() => {})
  }

  #positions(owned: readonly TopicPartition[], signal: AbortSignal): Promise<readonly Position[]> {
    const { admin } = this.#options
    return retrying(() => startPositions(admin, this.#options, owned), {
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
    listener.failed(error)
  }
}

function fenced(generation: number): MillraceError {
  return new MillraceError('FENCED', `assignment ${generation} has ended; its positions are not committed`)
}
