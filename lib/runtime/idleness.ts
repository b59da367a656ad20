import type { BrokerAdmin } from '../broker/broker.ts'
import { isRetriable } from '../errors.ts'
import type { Position } from '../record.ts'

/**
 * Whether a task has nothing to read, and for how long: its inputs have been at their ends for some time. Those that
 * wait for its time need not wait for it then.
 */
export class Idleness {
  readonly #admin: BrokerAdmin
  readonly #timeout: number
  readonly #positions: Map<string, Position>
  #read = performance.now()
  #since = this.#read
  #idle = false

  /** `timeout` in milliseconds; Infinity: never idle. */
  constructor(admin: BrokerAdmin, positions: readonly Position[], timeout: number) {
    this.#admin = admin
    this.#timeout = timeout
    this.#positions = new Map(positions.map((position) => [position.topic, position]))
  }

  /** Something was read. */
  read(positions: readonly Position[]): void {
    for (const position of positions) this.#positions.set(position.topic, position)
    this.#read = performance.now()
    this.#since = this.#read
    this.#idle = false
  }

  /** Asks the broker at most once in each time-out. A broker that is away says nothing about the ends. */
  async now(): Promise<boolean> {
    if (this.#idle || performance.now() - this.#since < this.#timeout) return this.#idle
    this.#since = performance.now()
    try {
      this.#idle = await this.#atEnds()
    } catch (error) {
      if (!isRetriable(error)) throw error
    }
    return this.#idle
  }

  /** For how long, in milliseconds; 0 if it is not idle. */
  async for(): Promise<number> {
    return (await this.now()) ? performance.now() - this.#read : 0
  }

  async #atEnds(): Promise<boolean> {
    for (const { topic, partition, offset } of this.#positions.values()) {
      const range = (await this.#admin.offsets(topic)).find((one) => one.partition === partition)
      if (range === undefined || range.end > offset) return false
    }
    return true
  }
}
