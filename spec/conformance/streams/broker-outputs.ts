import type { Broker } from '../../../lib/broker/broker.ts'
import type { Counters } from '../../../lib/runtime/counters.ts'
import { isTopic, type SinkNode, type Topology } from '../../../lib/topology/nodes.ts'
import type { TopicTarget } from '../../../lib/topology/topic.ts'
import { decodedOutput } from './record-bytes.ts'
import type { Output } from './scenario.ts'

/** The output topics, and how far they have been read. */
export class BrokerOutputs {
  readonly #broker: Broker
  readonly #topics: ReadonlyMap<string, TopicTarget<unknown, unknown>>
  readonly #next = new Map<string, number>()
  readonly #sinks: readonly string[]
  readonly #counters: Counters
  #read = 0

  /** `counters` are those of the worker that writes them. */
  constructor(broker: Broker, topology: Topology, counters: Counters) {
    this.#broker = broker
    this.#counters = counters
    const sinks = topology.nodes.filter((node): node is SinkNode => node.kind === 'sink')
    this.#sinks = sinks.map(({ name }) => name)
    const targets = sinks.flatMap(({ target }) => (isTopic(target) ? [target] : []))
    this.#topics = new Map(targets.map((target) => [target.name, target]))
  }

  /** Whether all that was written has been read: what a transaction has written is seen some moments later. */
  get complete(): boolean {
    return this.#read === this.#sinks.reduce((sum, name) => sum + this.#counters.get(name, 'written'), 0)
  }

  /** What has come since the last time, in order within each topic: the input of that index has caused it. */
  async news(after: number): Promise<Output[]> {
    const outputs: Output[] = []
    for (const [topic, { key, value }] of this.#topics) {
      const from = this.#next.get(topic) ?? 0
      const [range] = await this.#broker.admin.offsets(topic)
      const to = range!.end
      if (to === from) continue
      this.#next.set(topic, to)
      for await (const { records } of this.#broker.read([{ topic, partition: 0, from, to }])) {
        this.#read += records.length
        outputs.push(...records.map((record) => decodedOutput(after, record, key, value)))
      }
    }
    return outputs
  }
}
