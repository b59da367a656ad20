import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Broker } from '../../../lib/broker/broker.ts'
import {
  closeOf,
  count,
  drops,
  filter,
  json,
  keyBy,
  map,
  sink,
  startWorker,
  type Topology,
  topic,
  topology,
  toStream,
  tumbling,
  type Worker,
  window,
} from '../../../lib/index.ts'
import { SILENT } from '../../../lib/log.ts'
import { NO_HEADERS } from '../../../lib/record.ts'
import { endsOf, reached } from '../../../lib/runtime/caught-up.ts'
import { resourcesOf } from '../../../lib/runtime/resources.ts'
import { uniqueName } from '../../conformance/broker-harness.ts'
import { openBroker } from '../../support/broker-place.ts'
import { consumeCommitted, type ShownRecord } from '../../support/console-consumer.ts'
import { until } from '../../support/until.ts'

export const SIZE = 10_000
export const GRACE = 5_000
export const PARTITIONS = 4

/** A record of the input: `n` is its number, `user` the key under which it is counted. */
export interface Counted {
  readonly n: number
  readonly user: string
  readonly timestamp: number
  readonly partition: number
}

/** What was said of one window, the largest revision first. */
export interface Shown {
  readonly count: number
  readonly revision: number
  readonly reason: string
}

/** Users counted in windows of ten seconds behind a repartition topic, on real Kafka, exactly once. */
export class CountedStage {
  readonly run = uniqueName('time')
  readonly broker: Broker
  readonly #brokers: string
  readonly #topology: Topology
  readonly #state = mkdtempSync(join(tmpdir(), 'millrace-time-'))

  private constructor(brokers: string, broker: Broker, idleness: string) {
    this.#brokers = brokers
    this.broker = broker
    this.#topology = counting(this.run, idleness)
  }

  static async open(brokers: string, idleness: string): Promise<CountedStage> {
    const stage = new CountedStage(brokers, await openBroker({ kafka: brokers }), idleness)
    for (const resource of resourcesOf(stage.#topology, stage.run, stage.#environment))
      await resource.create()
    return stage
  }

  async write(records: readonly Counted[]): Promise<void> {
    const producer = await this.broker.producer({})
    for (let from = 0; from < records.length; from += 500) {
      await producer.send(
        records.slice(from, from + 500).map(({ n, user, timestamp, partition }) => ({
          ...{ topic: `${this.run}-in`, partition, timestamp, key: Buffer.from(`${n}`) },
          ...{ value: Buffer.from(JSON.stringify({ n, user })), headers: NO_HEADERS },
        })),
      )
    }
    await producer.close()
  }

  worker(now?: () => number): Promise<Worker> {
    const said = { topology: this.#topology, environment: this.#environment, stateDir: this.#state }
    return startWorker({ ...said, idleAfter: 300, batch: { records: 200 }, ...(now && { now }) })
  }

  /** All that was written until now has been read and, where the input falls idle, all windows are shown. */
  async settled(worker: Worker): Promise<void> {
    const signal = new AbortController().signal
    for (const topic of [`${this.run}-in`, `${this.run}-windows-repartition`]) {
      await reached(this.broker.admin, this.run, await endsOf(this.broker.admin, [topic]), signal)
    }
    await until('all is shown', () => worker.settled)
  }

  /** By `user/start`, what was shown, in the order of revisions; read by Kafka's own consumer. */
  async counts(): Promise<Map<string, Shown[]>> {
    const counts = new Map<string, Shown[]>()
    for (const { key, value, headers } of await this.read('out')) {
      const { user, start } = JSON.parse(String(key))
      const { closeReason: reason, revision } = closeOf({
        headers: [...headers].map(([name, text]) => [name, Buffer.from(text)]),
      })
      const name = `${user}/${start}`
      const shown = [...(counts.get(name) ?? []), { count: Number(value), reason, revision }]
      counts.set(
        name,
        shown.sort((a, b) => a.revision - b.revision),
      )
    }
    return counts
  }

  /** Late records: number, window and how late. */
  async late(): Promise<{ n: number; start: number; lateBy: number }[]> {
    return (await this.read('late')).map(({ value }) => JSON.parse(String(value)))
  }

  /** Without the marks that reading leaves. */
  async read(name: 'out' | 'late' | 'dead'): Promise<ShownRecord[]> {
    const topic = name === 'dead' ? `${this.run}.dlq` : `${this.run}-${name}`
    return (await consumeCommitted(this.#brokers, topic)).filter(({ key }) => key !== null)
  }

  async close(): Promise<void> {
    await this.broker.close()
    rmSync(this.#state, { recursive: true, force: true })
  }

  get #environment() {
    return { broker: this.broker, sinks: {}, lookups: {}, log: SILENT }
  }
}

function counting(run: string, idleness: string): Topology {
  const inputs = topic(`${run}-in`, { value: json<{ n: number; user: string }>(), partitions: PARTITIONS })
  const keys = json<{ user: string; start: number }>()
  const out = topic(`${run}-out`, { key: keys, value: json<number | null>(), partitions: 1 })
  const late = topic(`${run}-late`, { value: json<unknown>(), partitions: 1 })
  return topology(
    run,
    ({ source }) => {
      const counts = source('input', inputs).pipe(
        keyBy('by-user', ({ user }) => user),
        window('windows', tumbling(SIZE, { grace: GRACE }), { emit: 'close', idleness }),
        count('counts'),
      )
      counts.pipe(
        toStream('windows-shown'),
        keyBy('flat', (_, { key: { key: user, start } }) => ({ user, start }), { key: keys }),
        sink('out', out),
      )
      counts.pipe(
        drops('dropped'),
        filter('late-only', ({ reason }) => reason === 'late'),
        map('told', ({ value, window, lateBy }) => ({ n: value.n, start: window?.start, lateBy })),
        sink('late', late),
      )
    },
    { guarantee: 'exactly-once' },
  )
}

/** How many records each `user/start` must count. */
export function recounted(records: Iterable<Counted>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { user, timestamp } of records) {
    const name = windowOf(user, timestamp)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

export function windowOf(user: string, timestamp: number): string {
  return `${user}/${timestamp - (timestamp % SIZE)}`
}

/** The last of each window. */
export function finalOf(counts: ReadonlyMap<string, readonly Shown[]>): Map<string, number> {
  return new Map([...counts].map(([name, shown]) => [name, shown.at(-1)!.count]))
}

/** Records that are missing, and those that are too many, over all windows. */
export function differenceOf(expected: ReadonlyMap<string, number>, counted: ReadonlyMap<string, number>) {
  let lost = 0
  let duplicated = 0
  for (const name of new Set([...expected.keys(), ...counted.keys()])) {
    const missing = (expected.get(name) ?? 0) - (counted.get(name) ?? 0)
    if (missing > 0) lost += missing
    else duplicated -= missing
  }
  return { lost, duplicated }
}
