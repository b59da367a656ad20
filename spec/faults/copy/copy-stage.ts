import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Broker } from '../../../lib/broker/broker.ts'
import { SILENT } from '../../../lib/log.ts'
import { resourcesOf } from '../../../lib/runtime/resources.ts'
import { uniqueName } from '../../conformance/broker-harness.ts'
import { openBroker } from '../../support/broker-place.ts'
import { consumeCommitted } from '../../support/console-consumer.ts'
import { judge, type Verdict } from '../support/judge.ts'
import { PeakMemory } from '../support/peak-memory.ts'
import { type Finding, report } from '../support/report.ts'
import { RowWorker } from '../support/row-worker.ts'
import type { WorkerProcessOptions } from '../support/worker-process-options.ts'
import { expected, names, numbered, numbersOf, said } from './workload.ts'

const module = new URL('workload.ts', import.meta.url).href

/** A numbered input that workers copy, exactly once, on a Kafka. */
export class CopyStage {
  readonly run = uniqueName('faults')
  readonly memory = new PeakMemory()
  readonly broker: Broker
  readonly #place: { readonly kafka: string; readonly session: number }
  readonly #root = mkdtempSync(join(tmpdir(), 'millrace-copy-faults-'))
  readonly #workers: RowWorker[] = []
  #written = 0

  /** `session`: the group waits for a silent member for so long, milliseconds. */
  static async open(kafka: string, session: number): Promise<CopyStage> {
    const place = { kafka, session }
    const stage = new CopyStage(await openBroker(place), place)
    const environment = { broker: stage.broker, sinks: {}, lookups: {}, log: SILENT }
    for (const resource of resourcesOf(said(stage.run), names(stage.run).application, environment))
      await resource.create()
    return stage
  }

  private constructor(broker: Broker, place: { kafka: string; session: number }) {
    this.broker = broker
    this.#place = place
  }

  /** So many more records of the input. */
  async write(records: number): Promise<void> {
    const producer = await this.broker.producer({})
    await producer.send(Array.from({ length: records }, (_, i) => numbered(this.run, this.#written + i)))
    await producer.close()
    this.#written += records
  }

  worker(more: Partial<WorkerProcessOptions> = {}): RowWorker {
    const state = join(this.#root, String(this.#workers.length))
    const place = this.#place
    const options = { module, run: this.run, place, stateDir: state, untilCaughtUp: false, ...more }
    const worker = new RowWorker(options, this.memory)
    this.#workers.push(worker)
    return worker
  }

  /** Records of the input. */
  get written(): number {
    return this.#written
  }

  /** Whether the group has committed the ends of the input. */
  async isCommitted(): Promise<boolean> {
    return (await this.committed()) === this.#written
  }

  /** Records of the input that the group has committed. */
  async committed(): Promise<number> {
    const { application, input } = names(this.run)
    const positions = await this.broker.admin.committed(application, [input])
    return positions.reduce((sum, { offset }) => sum + offset, 0)
  }

  /** What a reader of committed records sees of the output, against the input. */
  async judged(): Promise<Verdict> {
    const shown = await consumeCommitted(this.#place.kafka, names(this.run).output)
    return judge(expected(this.#written), numbersOf(shown))
  }

  /** Ends the last worker, and reports the row with what the reader sees. */
  async concluded(
    worker: RowWorker,
    found: Pick<Finding, 'row' | 'fault' | 'kills' | 'recoverySeconds'>,
  ): Promise<Verdict> {
    worker.stop()
    expect(await worker.ended).to.equal('0')
    const verdict = await this.judged()
    report({
      ...found,
      records: this.#written,
      lost: verdict.lost.length,
      duplicated: verdict.duplicated.length,
      peakMemory: this.memory.bytes,
    })
    return verdict
  }

  async clear(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.clear()))
    await this.broker.close()
    rmSync(this.#root, { recursive: true, force: true })
  }
}
