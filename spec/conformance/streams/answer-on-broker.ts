import { setTimeout as delay } from 'node:timers/promises'
import { SILENT } from '../../../lib/log.ts'
import type { Broker } from '../../../lib/ports.ts'
import { resourcesOf } from '../../../lib/runtime/resources.ts'
import { startWorker, type Worker } from '../../../lib/runtime/worker.ts'
import { isTopic, type Topology } from '../../../lib/topology/nodes.ts'
import { inputBytes, outputOf } from './record-bytes.ts'
import type { Answer, Output, Scenario } from './scenario.ts'

const TIME_LIMIT = 30_000

/**
 * Runs a scenario through a worker on a broker whose topics are the scenario's own. One input is written at a time;
 * what stands in the output topics once the worker has committed it was caused by it. For topologies without state.
 */
export async function answerOnBroker(
  scenario: Scenario,
  topology: Topology,
  broker: Broker,
  application: string,
): Promise<Answer> {
  const environment = { broker, sinks: {}, lookups: {}, log: SILENT }
  for (const resource of resourcesOf(topology, application, environment)) await resource.create()
  const producer = await broker.producer({})
  try {
    const worker = await startWorker({ topology, environment, application, batch: { wait: 0 } })
    try {
      const ends = new Ends(broker, topology)
      const outputs: Output[] = []
      for (const [after, input] of scenario.inputs.entries()) {
        if (!('topic' in input)) throw new Error("a broker's wall clock can't be advanced")
        await producer.send([inputBytes(input)])
        await committed(broker, application, input.topic, worker)
        for await (const record of ends.news()) outputs.push(outputOf(after, record))
      }
      return { outputs, stores: {} }
    } finally {
      await worker.stop()
    }
  } finally {
    await producer.close()
  }
}

/** Resolves when the group has committed all that the topic holds; rejects when its worker has ended. */
async function committed(broker: Broker, group: string, topic: string, worker: Worker): Promise<void> {
  const [range] = await broker.admin.offsets(topic)
  let ended: string | undefined
  worker.done.then(
    () => (ended = 'the worker has stopped by itself'),
    (error: unknown) => (ended = `the worker has stopped: ${error}`),
  )
  const deadline = Date.now() + TIME_LIMIT
  while (ended === undefined) {
    const [position] = await broker.admin.committed(group, [topic])
    if (position !== undefined && position.offset >= range!.end) return
    if (Date.now() > deadline)
      throw new Error(`the worker has not committed an input within ${TIME_LIMIT / 1000} s`)
    await delay(5)
  }
  throw new Error(ended)
}

/** The output topics, and how far they have been read. */
class Ends {
  readonly #broker: Broker
  readonly #next: Map<string, number>

  constructor(broker: Broker, topology: Topology) {
    this.#broker = broker
    const topics = topology.nodes.flatMap((node) =>
      node.kind === 'sink' && isTopic(node.target) ? [node.target.name] : [],
    )
    this.#next = new Map(topics.map((topic) => [topic, 0]))
  }

  /** What has come since the last time, in order within each topic. */
  async *news() {
    for (const [topic, from] of this.#next) {
      const [range] = await this.#broker.admin.offsets(topic)
      const to = range!.end
      if (to === from) continue
      this.#next.set(topic, to)
      for await (const { records } of this.#broker.read([{ topic, partition: 0, from, to }])) yield* records
    }
  }
}
