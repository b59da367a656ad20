import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type EmbeddedBroker, openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import {
  count,
  json,
  keyBy,
  sink,
  topic,
  topology,
  toStream,
  tumbling,
  window,
  windowedKey,
} from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { resourcesOf } from '../../lib/runtime/resources.ts'
import { startWorker } from '../../lib/runtime/worker.ts'
import { until } from '../support/until.ts'

interface Visit {
  readonly country: string
}

const visits = topic('visits', { value: json<Visit>(), partitions: 3 })
const counts = topic('counts', { key: windowedKey(), value: json<number | null>(), partitions: 3 })

const visitsByCountry = topology('by-country', ({ source }) => {
  source('visits', visits).pipe(
    keyBy('country', ({ country }) => country),
    window('tens', tumbling(10, { grace: 5 })),
    count('per-country'),
    toStream('updates'),
    sink('out', counts),
  )
})

const COUNTRIES = ['de', 'fr', 'it', 'es', 'pt']

describe('a worker with state', function () {
  this.timeout(60_000)
  const root = mkdtempSync(join(tmpdir(), 'millrace-stateful-'))
  const environment = () => ({ broker, sinks: {}, lookups: {}, log: SILENT })
  let broker: EmbeddedBroker
  let written = 0

  before(async () => {
    broker = await openEmbeddedBroker({ dir: join(root, 'log') })
    for (const resource of resourcesOf(visitsByCountry, 'by-country', environment())) await resource.create()
  })
  after(async () => {
    await broker.close()
    rmSync(root, { recursive: true })
  })

  it('should count across partitions what it reads through its repartition topic, and drop nothing as late', async () => {
    await write(300)
    await runUntilCaughtUp('state')
    expect(await finalCounts()).to.deep.equal(expected())
  })

  it('should go on where it stopped, with the state it had', async () => {
    await write(200)
    await runUntilCaughtUp('state')
    expect(await finalCounts()).to.deep.equal(expected())
  })

  it('should take its state from the changelogs where there is none', async () => {
    await write(200)
    await runUntilCaughtUp('elsewhere')
    expect(await finalCounts()).to.deep.equal(expected())
  })

  it('should close windows though some partitions have nothing to read', async () => {
    const closed = topic('closed', { key: windowedKey(), value: json<number | null>(), partitions: 1 })
    const lonely = topic('lonely', { value: json<Visit>(), partitions: 3 })
    const byCountry = topology('closing', ({ source }) => {
      source('visits', lonely).pipe(
        keyBy('country', ({ country }) => country),
        window('tens', tumbling(10), { emit: 'close' }),
        count('per-country'),
        toStream('updates'),
        sink('out', closed),
      )
    })
    for (const resource of resourcesOf(byCountry, 'closing', environment())) await resource.create()
    const worker = await startWorker({
      topology: byCountry,
      environment: environment(),
      stateDir: join(root, 'closing'),
      idleAfter: 10,
    })
    const producer = await broker.producer({})
    let time = 0
    // How soon the others are known to be idle is not for us to say: time goes on until they are.
    await until('a closed window', async () => {
      const value = Buffer.from(JSON.stringify({ country: 'de' }))
      const visit = { topic: 'lonely', partition: 0, key: null, value, timestamp: time, headers: NO_HEADERS }
      await producer.send([visit])
      time += 10
      return (await broker.admin.offsets('closed')).some(({ end }) => end > 0)
    })
    await producer.close()
    await worker.stop()
  })

  /** Visits of ever later times; each partition has its own part of them. */
  async function write(number: number): Promise<void> {
    const producer = await broker.producer({})
    const records = Array.from({ length: number }, (_, i) => visit(written + i))
    await producer.send(
      records.map(({ partition, value, timestamp }) => ({
        topic: 'visits',
        partition,
        key: null,
        value: Buffer.from(JSON.stringify(value)),
        timestamp,
        headers: NO_HEADERS,
      })),
    )
    written += number
    await producer.close()
  }

  async function runUntilCaughtUp(state: string): Promise<void> {
    const worker = await startWorker({
      topology: visitsByCountry,
      environment: environment(),
      stateDir: join(root, state),
      untilCaughtUp: true,
      batch: { records: 50 },
    })
    await worker.done
  }

  async function finalCounts(): Promise<Record<string, number>> {
    const last: Record<string, number> = {}
    for (const { partition, earliest, end } of await broker.admin.offsets('counts')) {
      for await (const { records } of broker.read([
        { topic: 'counts', partition, from: earliest, to: end },
      ])) {
        for (const { key, value } of records) {
          const { key: country, start } = windowedKey().decode(key!)
          last[`${country}@${start}`] = JSON.parse(String(value))
        }
      }
    }
    return last
  }

  function expected(): Record<string, number> {
    const counted: Record<string, number> = {}
    for (let i = 0; i < written; i++) {
      const { value, timestamp } = visit(i)
      const name = `${value.country}@${timestamp - (timestamp % 10)}`
      counted[name] = (counted[name] ?? 0) + 1
    }
    return counted
  }
})

function visit(i: number) {
  return { partition: i % 3, value: { country: COUNTRIES[(i * 7) % 5]! }, timestamp: Math.floor(i / 2) }
}
