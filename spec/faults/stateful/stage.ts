import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Broker } from '../../../lib/broker/broker.ts'
import { SILENT } from '../../../lib/log.ts'
import { endsOf, reached } from '../../../lib/runtime/caught-up.ts'
import { resourcesOf } from '../../../lib/runtime/resources.ts'
import { storesOnDisk } from '../../conformance/streams/worker-stores.ts'
import type { BrokerPlace } from '../../support/broker-place.ts'
import { PeakMemory } from '../support/peak-memory.ts'
import { RowWorker } from '../support/row-worker.ts'
import type { WorkerProcessOptions } from '../support/worker-process-options.ts'
import { bytesOf, type Expected, expected, type Input, inputs, names, PARTITIONS, said } from './workload.ts'

const module = new URL('workload.ts', import.meta.url).href

export interface Outcome {
  /** Every count written, by key. */
  readonly clicks: ReadonlyMap<string, readonly number[]>
  readonly visits: ReadonlyMap<string, readonly number[]>
  readonly pairs: readonly string[]
}

/** One run on a broker: its topics, its workers, and what came of it. */
export class Stage {
  readonly run: string
  readonly expected: Expected
  readonly memory = new PeakMemory()
  readonly #broker: Broker
  readonly #place: BrokerPlace
  readonly #inputs: readonly Input[]
  readonly #root = mkdtempSync(join(tmpdir(), 'millrace-stateful-faults-'))
  readonly #workers: RowWorker[] = []

  constructor(broker: Broker, place: BrokerPlace, run: string, seed: number, records: number) {
    this.#broker = broker
    this.#place = place
    this.run = run
    this.#inputs = inputs(run, seed, records)
    this.expected = expected(run, this.#inputs)
  }

  async prepare(): Promise<void> {
    const environment = { broker: this.#broker, sinks: {}, lookups: {}, log: SILENT }
    const resources = resourcesOf(said(this.run), names(this.run).application, environment)
    for (const resource of resources) await resource.create()
  }

  /** All of the input, or these shares of it. */
  async write(from = 0, to = 1): Promise<void> {
    const producer = await this.#broker.producer({})
    const [begin, end] = [from, to].map((share) => Math.round(share * this.#inputs.length))
    await producer.send(this.#inputs.slice(begin, end).map(bytesOf))
    await producer.close()
  }

  /** Where the state of this application's tasks is. */
  stateOf(state: string): string {
    return join(this.#root, state, names(this.run).application)
  }

  worker(state: string, more: Partial<WorkerProcessOptions> = {}): RowWorker {
    const stateDir = join(this.#root, state)
    const place = this.#place
    const options = { module, place, run: this.run, stateDir, untilCaughtUp: true, ...more }
    const worker = new RowWorker(options, this.memory)
    this.#workers.push(worker)
    return worker
  }

  wipe(state: string): void {
    rmSync(join(this.#root, state), { recursive: true, force: true })
  }

  /** Resolves when the group has committed the ends of the inputs. */
  async workedOff(): Promise<void> {
    const { application, clicks, left, right, visits } = names(this.run)
    const { admin } = this.#broker
    const ends = await endsOf(admin, [clicks, left, right, visits])
    await reached(admin, application, ends, AbortSignal.timeout(60_000))
  }

  async outcome(): Promise<Outcome> {
    const { counts, perCountry, pairs } = names(this.run)
    const grouped = (all: readonly (readonly [string, unknown])[]) =>
      new Map(
        [...Map.groupBy(all, ([key]) => key)].map(([key, found]) => [key, found.map(([, n]) => n as number)]),
      )
    return {
      clicks: grouped(await this.#read(counts)),
      visits: grouped(await this.#read(perCountry)),
      pairs: (await this.#read(pairs)).map(([, pair]) => pair as string),
    }
  }

  /** What the store of a worker's tasks holds, all partitions. */
  async stored(state: string, store: string): Promise<Map<string, number>> {
    const { application } = names(this.run)
    const rows = new Map<string, number>()
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const found = await storesOnDisk(
        said(this.run),
        join(this.#root, state),
        application,
        [store],
        partition,
      )
      for (const { key, value } of found[store]!) rows.set(key as string, value as number)
    }
    return rows
  }

  async clear(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.clear()))
    rmSync(this.#root, { recursive: true, force: true })
  }

  async #read(topic: string): Promise<(readonly [string, unknown])[]> {
    const ranges = await this.#broker.admin.offsets(topic)
    const found: (readonly [string, unknown])[] = []
    for (const { partition, earliest, end } of ranges) {
      for await (const { records } of this.#broker.read([{ topic, partition, from: earliest, to: end }])) {
        for (const { key, value } of records) found.push([String(key), JSON.parse(String(value))])
      }
    }
    return found
  }
}
