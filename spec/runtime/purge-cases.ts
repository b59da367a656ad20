import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Broker } from '../../lib/broker/broker.ts'
import { count, json, keyBy, sink, stringKey, topic, topology, toStream } from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { resourcesOf } from '../../lib/runtime/resources.ts'
import { startWorker } from '../../lib/runtime/worker.ts'
import type { Guarantee } from '../../lib/topology/nodes.ts'
import { uniqueName } from '../conformance/broker-harness.ts'
import { until } from '../support/until.ts'
import { countedVisits, type Visit, visit } from '../support/visits.ts'

const VISITS = 300

/** Of a worker that reads a repartition topic, on any broker. */
export function purgeCases(open: () => Promise<Broker>): void {
  const stateDir = mkdtempSync(join(tmpdir(), 'millrace-purge-'))
  let broker: Broker
  before(async () => {
    broker = await open()
  })
  after(async () => {
    await broker?.close()
    rmSync(stateDir, { recursive: true })
  })

  for (const guarantee of ['at-least-once', 'exactly-once'] as const) {
    it(`should let go of what has been committed, and of nothing else, ${guarantee}`, () => purged(guarantee))
  }

  async function purged(guarantee: Guarantee): Promise<void> {
    const name = uniqueName('purge')
    const visits = topic(`${name}-visits`, { value: json<Visit>(), partitions: 2 })
    const counting = topology(name, ({ source }) => {
      source('visits', visits).pipe(
        keyBy('country', ({ country }) => country),
        count('per-country'),
        toStream('updates'),
        sink('out', topic(`${name}-counts`, { key: stringKey, value: json<number | null>(), partitions: 1 })),
      )
    })
    const environment = { broker, sinks: {}, lookups: {}, log: SILENT }
    for (const resource of resourcesOf(counting, name, environment)) await resource.create()
    const own = resourcesOf(counting, name, environment).find(({ name }) =>
      name.endsWith('-repartition'),
    )!.name
    const worker = await startWorker({
      topology: counting,
      environment,
      stateDir,
      guarantee,
      purgeInterval: 100,
      batch: { records: 20 },
    })
    try {
      for (let round = 0; round < 3; round++) await write(visits.name, round)
      await until('all that was committed is gone', async () => {
        const counted = await last(`${name}-counts`)
        const ranges = await broker.admin.offsets(own)
        const committed = await broker.admin.committed(name, [own])
        const read = new Map(committed.map(({ partition, offset }) => [partition, offset]))
        for (const { partition, earliest } of ranges) expect(earliest).to.be.at.most(read.get(partition) ?? 0)
        const gone = ranges.every(({ partition, earliest }) => earliest === (read.get(partition) ?? 0))
        return gone && sum(counted) === VISITS && ranges.some(({ earliest }) => earliest > 0)
      })
    } finally {
      await worker.stop()
    }
    const perCountry: Record<string, number> = {}
    for (const [window, number] of Object.entries(countedVisits(VISITS))) {
      const country = window.split('@')[0]!
      perCountry[country] = (perCountry[country] ?? 0) + number
    }
    expect(await last(`${name}-counts`)).to.deep.equal(perCountry)
  }

  async function write(topic: string, round: number): Promise<void> {
    const producer = await broker.producer({})
    const records = Array.from({ length: VISITS / 3 }, (_, index) => {
      const { value: said, timestamp } = visit((round * VISITS) / 3 + index)
      const value = Buffer.from(JSON.stringify(said))
      return { topic, partition: index % 2, key: null, value, timestamp, headers: NO_HEADERS }
    })
    await producer.send(records)
    await producer.close()
  }

  async function last(topic: string): Promise<Record<string, number>> {
    const counted: Record<string, number> = {}
    const { end } = (await broker.admin.offsets(topic))[0]!
    for await (const { records } of broker.read([{ topic, partition: 0, from: 0, to: end }])) {
      for (const { key, value } of records) counted[String(key)] = JSON.parse(String(value))
    }
    return counted
  }
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((all, one) => all + one, 0)
}
