import { retrying } from '../backoff.ts'
import type { BrokerConsumer } from '../broker/broker.ts'
import { isRetriable } from '../errors.ts'
import type { Position } from '../record.ts'

/** Commits positions for all tasks of one assignment; those that come up while one request is out go in the next. */
export class Committer {
  readonly #consumer: BrokerConsumer
  readonly #generation: number
  readonly #signal: AbortSignal
  readonly #pending = new Map<string, Position>()
  #running: Promise<void> | undefined

  constructor(consumer: BrokerConsumer, generation: number, signal: AbortSignal) {
    this.#consumer = consumer
    this.#generation = generation
    this.#signal = signal
  }

  /** Resolves when these positions, or later ones of the same partitions, are stored. */
  async commit(positions: readonly Position[]): Promise<void> {
    for (const position of positions) this.#pending.set(`${position.topic}/${position.partition}`, position)
    await this.#running?.catch(() => {})
    this.#running ??= this.#flush().finally(() => {
      this.#running = undefined
    })
    await this.#running
  }

  async #flush(): Promise<void> {
    const positions = [...this.#pending.values()]
    this.#pending.clear()
    if (positions.length === 0) return
    await retrying(() => this.#consumer.commit(this.#generation, positions), {
      when: isRetriable,
      signal: this.#signal,
    })
  }
}
