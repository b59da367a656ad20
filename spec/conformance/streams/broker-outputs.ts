import type { Broker } from '../../../lib/ports.ts'
import { isTopic, type Topology } from '../../../lib/topology/nodes.ts'
import type { TopicTarget } from '../../../lib/topology/topic.ts'
import { decodedOutput } from './record-bytes.ts'
import type { Output } from './scenario.ts'

/** The output topics, and how far they have been read. */
export class BrokerOutputs {
  readonly #broker: Broker
  readonly #topics: ReadonlyMap<string, TopicTarget<unknown, unknown>>
  readonly #next = new Map<string, number>()

  constructor(broker: Broker, topology: Topology) {
    this.#broker = broker
    const targets = topology.nodes.flatMap((node) =>
      node.kind === 'sink' && isTopic(node.target) ? [node.target] : [],
    )
    this.#topics = new Map(targets.map((target) => [target.name, target]))
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
        outputs.push(...records.map((record) => decodedOutput(after, record, key, value)))
      }
    }
    return outputs
  }
}
