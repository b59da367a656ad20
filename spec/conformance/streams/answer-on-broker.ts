import type { Broker } from '../../../lib/broker/broker.ts'
import { SILENT } from '../../../lib/log.ts'
import { resourcesOf } from '../../../lib/runtime/resources.ts'
import { startWorker } from '../../../lib/runtime/worker.ts'
import type { Worker } from '../../../lib/runtime/worker-options.ts'
import type { Topology } from '../../../lib/topology/nodes.ts'
import { storeRows } from './answer.ts'
import { BrokerOutputs } from './broker-outputs.ts'
import { emptyDirectory } from './empty-directory.ts'
import { inputBytes } from './record-bytes.ts'
import type { Answer, Output, Scenario, Stores } from './scenario.ts'
import { storeNames } from './store-names.ts'
import { WorkedOff } from './worked-off.ts'
import { storesOnDisk } from './worker-stores.ts'

/**
 * Runs a scenario through a worker on a broker whose topics are the scenario's own. One input is written at a time, and
 * the next when nothing more follows from it: what then stands in the output topics was caused by it. The wall clock is
 * the scenario's.
 */
export async function answerOnBroker(
  scenario: Scenario,
  topology: Topology,
  broker: Broker,
  application: string,
): Promise<Answer> {
  const environment = { broker, sinks: {}, lookups: {}, log: SILENT }
  for (const resource of resourcesOf(topology, application, environment)) await resource.create()
  await using directory = await emptyDirectory()
  const clock = new ScenarioClock()
  const producer = await broker.producer({})
  try {
    const worker = await startWorker({
      topology,
      environment,
      application,
      stateDir: directory.path,
      batch: { wait: 0 },
      // The scenarios' times are far ahead of a wall clock that begins at 0.
      futureTolerance: Number.POSITIVE_INFINITY,
      idleAfter: Number.POSITIVE_INFINITY,
      now: clock.now,
    })
    const outputs: Output[] = []
    try {
      const workedOff = new WorkedOff(broker, application, topology, worker)
      const globals = new GlobalInputs(topology, worker)
      const outputTopics = new BrokerOutputs(broker, topology, worker.counters)
      // Punctuations count from when the task began.
      await workedOff.until('has not begun', () => worker.assigned)
      for (const [after, input] of scenario.inputs.entries()) {
        if ('topic' in input) {
          await producer.send([inputBytes(input)])
          globals.sent(input.topic)
          await workedOff.until('has not read a global table', () => globals.read())
        } else {
          const seen = clock.advance(input.advanceWallClockMs)
          if (scenario.topology === 'punctuate-wall-clock')
            await workedOff.until('has not looked at the clock', seen)
        }
        await workedOff.settled()
        await workedOff.until('has not shown its outputs', async () => {
          outputs.push(...(await outputTopics.news(after)))
          return outputTopics.complete
        })
      }
    } finally {
      await worker.stop()
    }
    const names = storeNames(scenario.topology, scenario.params)
    const onDisk = await storesOnDisk(topology, directory.path, application, names)
    return { outputs, stores: { ...onDisk, ...globalStores(worker, names) } }
  } finally {
    await producer.close()
  }
}

/** A task looks at it whenever it punctuates, for a moment; and nobody else does while no record is read. */
class ScenarioClock {
  #time = 0
  #moments = 0
  #looking = false

  readonly now = (): number => {
    if (!this.#looking) {
      this.#moments++
      this.#looking = true
      setImmediate(() => (this.#looking = false))
    }
    return this.#time
  }

  /** Returns whether what is due at the new time has been done: a task with state looks again when that is written. */
  advance(by: number): () => boolean {
    this.#time += by
    const before = this.#moments
    return () => this.#moments >= before + 2
  }
}

/** Global tables are read beside the group: only the worker's counts say how far. */
class GlobalInputs {
  readonly #worker: Worker
  readonly #sent = new Map<string, { readonly node: string; records: number }>()

  constructor(topology: Topology, worker: Worker) {
    this.#worker = worker
    for (const node of topology.nodes) {
      if (node.kind === 'globalTable') this.#sent.set(node.topic.name, { node: node.name, records: 0 })
    }
  }

  sent(topic: string): void {
    const counted = this.#sent.get(topic)
    if (counted !== undefined) counted.records++
  }

  read(): boolean {
    const { counters } = this.#worker
    const of = (node: string) => counters.get(node, 'records') + counters.get(node, 'null-key')
    return [...this.#sent.values()].every(({ node, records }) => of(node) >= records)
  }
}

function globalStores(worker: Worker, names: readonly string[]): Stores {
  const own = [...worker.globals].filter(([node]) => names.includes(node.name))
  return Object.fromEntries(own.map(([node, store]) => [node.name, storeRows(store)]))
}
