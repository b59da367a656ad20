import { setTimeout as delay } from 'node:timers/promises'
import { backoffDelay, retrying } from '../../lib/backoff.ts'
import { isRetriable, MillraceError, messageOf } from '../../lib/errors.ts'
import type { BrokerAdmin, BrokerConsumer, ConsumerListener, ConsumerOptions } from '../../lib/ports.ts'
import type { Position, TopicPartition } from '../../lib/record.ts'
import { Assignments } from './assignment.ts'
import { kafkaError } from './errors.ts'
import type { KafkaSettings } from './options.ts'
import { startPositions } from './positions.ts'
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
    const first = new Session(this.#settings, this.#options, assignments)
    await first.connect(this.#options.topics)
    this.#living = this.#live(first, assignments).catch((error) => this.#fail(listener, error))
  }

  flow(partitions: readonly TopicPartition[], state: 'paused' | 'flowing'): void {
    this.#assignments?.flow(partitions, state)
  }

  async commit(generation: number, positions: readonly Position[]): Promise<void> {
    if (this.#session === undefined || generation !== this.#assignments?.generation) throw fenced(generation)
    if (positions.length > 0) await this.#session.commit(positions)
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#assignments?.end()
    await this.#session?.close()
    await this.#living
  }

  async #live(first: Session, assignments: Assignments): Promise<void> {
    let session: Session | undefined = first
    for (let attempt = 0; !this.#stopped.signal.aborted; session = undefined) {
      try {
        session ??= await this.#reconnect(assignments)
        attempt = 0
        await this.#liveOnce(session)
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
    this.#session = session
    if (this.#stopped.signal.aborted) return session.close()
    const reason = await session.run()
    this.#session = undefined
    await session.close()
    if (!this.#stopped.signal.aborted) throw kafkaError(reason, 'consuming')
  }

  async #reconnect(assignments: Assignments): Promise<Session> {
    const session = new Session(this.#settings, this.#options, assignments)
    await session.connect(this.#options.topics)
    return session
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
