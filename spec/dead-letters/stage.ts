import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import type { Broker } from '../../lib/broker/broker.ts'
import type { Letter } from '../../lib/dead-letters/letter.ts'
import { planRedrive } from '../../lib/dead-letters/plan-redrive.ts'
import { lettersOf, rangesOfLetters } from '../../lib/dead-letters/read-letters.ts'
import { redrive } from '../../lib/dead-letters/redrive.ts'
import type { RedriveOptions } from '../../lib/dead-letters/redrive-options.ts'
import type { Selection } from '../../lib/dead-letters/sift.ts'
import { TopologyReEntry } from '../../lib/dead-letters/topology-re-entry.ts'
import { Ledger } from '../../lib/deployed/ledger.ts'
import { startWorker, type Topology } from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import type { RawRecord } from '../../lib/record.ts'
import type { Environment } from '../../lib/runtime/environment.ts'
import { applyTopology } from '../support/environment.ts'

/** An embedded log, on which topologies run and their dead letters are redriven. */
export class Stage {
  readonly broker: Broker
  readonly environment: Environment
  readonly #dir: string

  private constructor(broker: Broker, dir: string) {
    this.broker = broker
    this.#dir = dir
    this.environment = { broker, sinks: {}, lookups: {}, log: SILENT }
  }

  static async open(): Promise<Stage> {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-dlq-'))
    const stage = new Stage(await openEmbeddedBroker({ dir }), dir)
    await Ledger.resource(stage.broker).create()
    return stage
  }

  async apply(topology: Topology): Promise<void> {
    await applyTopology(topology, this.environment)
  }

  /** JSON values under keys `k0`, `k1` …, a second apart; a string is sent as it is. */
  async produce(topic: string, values: readonly unknown[]): Promise<void> {
    const producer = await this.broker.producer({})
    await producer.send(
      values.map((value, n) => ({
        topic,
        partition: 0,
        key: Buffer.from(`k${n}`),
        value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
        timestamp: 1_700_000_000_000 + n * 1000,
        headers: [['own', Buffer.from(`h${n}`)]],
      })),
    )
    await producer.close()
  }

  /** A worker to the end of its inputs. */
  async run(topology: Topology): Promise<void> {
    const { environment } = this
    const stateDir = join(this.#dir, 'state')
    await startWorker({ topology, environment, stateDir, untilCaughtUp: true }).then(({ done }) => done)
  }

  async redrive(
    topology: Topology,
    selection: Selection = { how: 'all' },
    more: Partial<RedriveOptions> = {},
  ) {
    const reEntry = await this.reEntry(topology)
    try {
      return await redrive({ ...this.#options(topology, reEntry, selection), ...more })
    } finally {
      await reEntry.close()
    }
  }

  async plan(topology: Topology, selection: Selection = { how: 'all' }, more: Partial<RedriveOptions> = {}) {
    const reEntry = await this.reEntry(topology)
    try {
      return await planRedrive({ ...this.#options(topology, reEntry, selection), ...more })
    } finally {
      await reEntry.close()
    }
  }

  reEntry(topology: Topology, acceptRepeats = false): Promise<TopologyReEntry> {
    const { environment } = this
    return TopologyReEntry.open({ topology, application: topology.name, environment, acceptRepeats })
  }

  async records(topic: string): Promise<RawRecord[]> {
    const found: RawRecord[] = []
    for (const { partition, earliest, end } of await this.broker.admin.offsets(topic)) {
      const ranges = end > earliest ? [{ topic, partition, from: earliest, to: end }] : []
      for await (const { records } of this.broker.read(ranges)) found.push(...records)
    }
    return found
  }

  /** JSON values of a topic, sorted. */
  async values(topic: string): Promise<string[]> {
    return (await this.records(topic)).map(({ value }) => String(value)).toSorted()
  }

  async letters(topology: Topology): Promise<Letter[]> {
    const { topic } = topology.deadLetters
    const pages = lettersOf(this.broker, await rangesOfLetters(this.broker, topic))
    const letters: Letter[] = []
    for await (const page of pages) letters.push(...page)
    return letters
  }

  #options(topology: Topology, reEntry: TopologyReEntry, selection: Selection): RedriveOptions {
    const { signal } = new AbortController()
    const { topic } = topology.deadLetters
    return { broker: this.broker, topic, reEntry, selection, limit: 3, again: false, signal }
  }

  async close(): Promise<void> {
    await this.broker.close()
    rmSync(this.#dir, { recursive: true })
  }
}
