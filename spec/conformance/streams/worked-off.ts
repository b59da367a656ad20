import { setTimeout as delay } from 'node:timers/promises'
import type { Broker } from '../../../lib/broker/broker.ts'
import { type Ends, endsOf } from '../../../lib/runtime/caught-up.ts'
import { inputTopics } from '../../../lib/runtime/input-topics.ts'
import type { Worker } from '../../../lib/runtime/worker-options.ts'
import type { Topology } from '../../../lib/topology/nodes.ts'

const TIME_LIMIT = 30_000

/** Waits for what an application does; rejects when its worker has ended. */
export class WorkedOff {
  readonly #broker: Broker
  readonly #application: string
  readonly #topics: readonly string[]
  /** The names of the repartition nodes. */
  readonly #between: readonly string[]
  readonly #worker: Worker
  #ended: string | undefined

  constructor(broker: Broker, application: string, topology: Topology, worker: Worker) {
    const { outside, own } = inputTopics(topology, application)
    this.#broker = broker
    this.#application = application
    this.#worker = worker
    this.#between = topology.nodes.flatMap(({ kind, name }) => (kind === 'repartition' ? [name] : []))
    this.#topics = [...outside, ...own]
    worker.done.then(
      () => (this.#ended = 'the worker has stopped by itself'),
      (error: unknown) => (this.#ended = `the worker has stopped: ${error}`),
    )
  }

  /** Resolves when the group has committed all of its inputs, its own topics among them, and nothing has followed. */
  async settled(): Promise<void> {
    const { admin } = this.#broker
    let ends = await endsOf(admin, this.#topics)
    for (;;) {
      await this.until('has not committed an input', () => this.#committed(ends))
      await this.until('has not read what it has written', () => this.#passedOn())
      const now = await endsOf(admin, this.#topics)
      if (now.size === ends.size && [...now].every(([name, end]) => ends.get(name) === end)) return
      ends = now
    }
  }

  async until(fault: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + TIME_LIMIT
    while (this.#ended === undefined) {
      if (await holds()) return
      if (Date.now() > deadline) throw new Error(`the worker ${fault} within ${TIME_LIMIT / 1000} s`)
      await delay(3)
    }
    throw new Error(this.#ended)
  }

  /** What a transaction has written is seen some moments after its positions are. */
  #passedOn(): boolean {
    const { counters } = this.#worker
    return this.#between.every((name) => counters.get(name, 'written') === counters.get(name, 'records'))
  }

  async #committed(ends: Ends): Promise<boolean> {
    const positions = await this.#broker.admin.committed(this.#application, this.#topics)
    const at = new Map<string, number>(
      positions.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset] as const),
    )
    return [...ends].every(([name, end]) => (at.get(name) ?? 0) >= end)
  }
}
