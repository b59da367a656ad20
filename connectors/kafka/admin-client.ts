import type { Admin } from 'kafkajs'
import { type Coordinates, MillraceError } from '../../lib/errors.ts'
import { type Client, openClient } from './client.ts'
import { kafkaError } from './errors.ts'
import type { Cluster } from './internals.ts'
import type { KafkaSettings } from './options.ts'
import { within } from './reach.ts'

/** What a question is asked of. */
export interface Asked {
  readonly admin: Admin
  /** Not connected yet; for what kafkajs' admin does not do. */
  cluster(): Cluster
}

/** kafkajs' admin, one question at a time. */
export class AdminClient {
  readonly #settings: KafkaSettings
  #client: Client
  #admin: Admin
  #connected: Promise<void> | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(settings: KafkaSettings) {
    this.#settings = settings
    this.#client = openClient(settings)
    this.#admin = this.#client.kafka.admin()
  }

  /**
   * Connects at the first question. One at a time: kafkajs' admin mixes up the metadata of questions asked side by side
   * (a TypeError). Rejects with `UNREACHABLE` when no broker answers; a question that hangs, as some do when a broker
   * is killed, is given up with the client that has it.
   */
  ask<T>(doing: string, at: Coordinates, question: (asked: Asked) => Promise<T>): Promise<T> {
    const answer = this.#last.then(() => this.#ask(doing, at, question))
    this.#last = answer.catch(() => {})
    return answer
  }

  async close(): Promise<void> {
    await within(this.#settings.timing.goodbye, () => this.#admin.disconnect()).catch(() => {})
    this.#client.sever()
  }

  async #ask<T>(doing: string, at: Coordinates, question: (asked: Asked) => Promise<T>): Promise<T> {
    await this.#connect()
    const admin = this.#admin
    const client = this.#client
    let answered = false
    const asking = async () => {
      try {
        return await question({ admin, cluster: () => client.cluster() })
      } finally {
        answered = true
      }
    }
    try {
      return await within(this.#settings.timing.answer, asking, client.severed)
    } catch (error) {
      if (!answered && !client.severed.aborted) this.#replace(client)
      // What kafkajs' admin makes of it when none of the brokers it knows answers.
      if (error instanceof TypeError)
        throw new MillraceError('UNREACHABLE', `Kafka: ${doing}: no broker answered`, { ...at })
      throw kafkaError(error, doing, at)
    }
  }

  async #connect(): Promise<void> {
    this.#connected ??= this.#client.reach(() => this.#admin.connect())
    try {
      await this.#connected
    } catch (error) {
      this.#connected = undefined
      throw error
    }
  }

  #replace(client: Client): void {
    client.sever()
    this.#client = openClient(this.#settings)
    this.#admin = this.#client.kafka.admin()
    this.#connected = undefined
  }
}
