import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { defaultIfEmpty, lastValueFrom } from 'rxjs'
import { type EmbeddedBroker, openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import type { TopicInfo } from '../../lib/broker/broker.ts'
import type { MillraceError } from '../../lib/errors.ts'
import {
  closeOf,
  count,
  json,
  keyBy,
  type ProgressEvent,
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
import { endsOf, reached } from '../../lib/runtime/caught-up.ts'
import { resourcesOf } from '../../lib/runtime/resources.ts'
import { startWorker } from '../../lib/runtime/worker.ts'
import { openDiskState } from '../../lib/state/disk-state.ts'
import type { Guarantee } from '../../lib/topology/nodes.ts'
import { overridden } from '../support/overridden.ts'
import { until } from '../support/until.ts'
import { countedVisits, type Visit, visit, visitsByCountry } from '../support/visits.ts'

const byCountry = visitsByCountry('by-country')

describe('a worker with state', function () {
  this.timeout(60_000)
  const root = mkdtempSync(join(tmpdir(), 'millrace-stateful-'))
  const environment = () => ({ broker, sinks: {}, lookups: {}, log: SILENT })
  let broker: EmbeddedBroker
  let written = 0

  before(async () => {
    broker = await openEmbeddedBroker({ dir: join(root, 'log') })
    for (const resource of resourcesOf(byCountry, 'by-country', environment())) await resource.create()
  })
  after(async () => {
    await broker.close()
    rmSync(root, { recursive: true })
  })

  it('should count across partitions what it reads through its repartition topic, and drop nothing as late', async () => {
    await write(300)
    await runUntilCaughtUp('state')
    expect(await finalCounts()).to.deep.equal(countedVisits(written))
  })

  it('should go on where it stopped, with the state it had', async () => {
    await write(200)
    await runUntilCaughtUp('state')
    expect(await finalCounts()).to.deep.equal(countedVisits(written))
  })

  it('should take its state from the changelogs where there is none', async () => {
    await write(200)
    await runUntilCaughtUp('elsewhere')
    expect(await finalCounts()).to.deep.equal(countedVisits(written))
  })

  it('should have let go of its state when it is stopped while that is restored', async () => {
    const direct = topology('direct', ({ source }) => {
      source('visits', topic('visits', { value: json<Visit>(), partitions: 3 })).pipe(
        count('of-visitor'),
        toStream('updates'),
        sink('out', topic('visitors', { value: json<number | null>() })),
      )
    })
    for (const resource of resourcesOf(direct, 'direct', environment())) await resource.create()
    const restoring = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    // The newest state that a worker opens is that of its last partition.
    const offsets = async (name: string) => {
      const ranges = await broker.admin.offsets(name)
      if (name !== 'direct-of-visitor-changelog' || ++asked < 3) return ranges
      restoring.resolve()
      await gate.promise
      return ranges
    }
    let asked = 0
    const worker = await startWorker({
      topology: direct,
      environment: { ...environment(), broker: overridden(broker, { admin: { ...broker.admin, offsets } }) },
      stateDir: join(root, 'interrupted'),
    })
    await restoring.promise
    const stopped = worker.stop()
    gate.resolve()
    await stopped
    expect(worker.assigned).to.equal(false)
    for (const task of ['0_0', '0_1', '0_2']) {
      // Locked as long as it is open.
      const state = await openDiskState(join(root, 'interrupted', 'direct', task))
      await state.close()
    }
  })

  it('should refuse a changelog that has another number of partitions than there are tasks', async () => {
    const fewer = {
      ...environment(),
      broker: overridden(broker, { admin: { ...broker.admin, topics: twoOfChangelogs } }),
    }
    const error = await startWorker({
      topology: byCountry,
      environment: fewer,
      stateDir: join(root, 'few'),
    }).then(
      () => undefined,
      (caught: MillraceError) => caught,
    )
    expect(error?.code).to.equal('CONFIG')
    expect(error?.message).to.match(
      /^topic "by-country-per-country-changelog" has 2 partitions, and needs 3\. State in code/,
    )
  })

  it('should close windows though some partitions have nothing to read', async () => {
    const closed = topic('closed', { key: windowedKey(), value: json<number | null>(), partitions: 1 })
    const lonely = topic('lonely', { value: json<Visit>(), partitions: 3 })
    const closing = topology('closing', ({ source }) => {
      source('visits', lonely).pipe(
        keyBy('country', ({ country }) => country),
        window('tens', tumbling(10), { emit: 'close' }),
        count('per-country'),
        toStream('updates'),
        sink('out', closed),
      )
    })
    for (const resource of resourcesOf(closing, 'closing', environment())) await resource.create()
    const progress: ProgressEvent[] = []
    const worker = await startWorker({
      topology: closing,
      environment: environment(),
      stateDir: join(root, 'closing'),
      idleAfter: 10,
    })
    worker.events.progress$.subscribe((event) => progress.push(event))
    const ended = lastValueFrom(worker.events.late$.pipe(defaultIfEmpty('none was late')))
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
    const read = progress.flatMap(({ positions }) => positions).filter(({ topic }) => topic === 'lonely')
    expect(read.at(-1)?.offset).to.be.within(1, time / 10)
    expect(read.map(({ partition }) => partition)).to.include(0)
    expect(await ended).to.equal('none was late')
  })

  it('should emit windows early on idle input, once, and correct them, though it is stopped in between', async () => {
    const closed = topic('early', { key: windowedKey(), value: json<number | null>(), partitions: 1 })
    const early = topology('early', ({ source }) => {
      source('visits', topic('silent', { value: json<Visit>(), partitions: 3 })).pipe(
        keyBy('country', ({ country }) => country),
        window('minutes', tumbling('1m', { grace: '30s' }), { emit: 'close', idleness: 20 }),
        count('per-country'),
        sink('out', closed),
      )
    })
    for (const resource of resourcesOf(early, 'early', environment())) await resource.create()
    const producer = await broker.producer({})
    const send = (country: string, timestamp: number) => {
      const value = Buffer.from(JSON.stringify({ country }))
      return producer.send([{ topic: 'silent', key: null, value, timestamp, headers: NO_HEADERS }])
    }
    const settled = async (guarantee: Guarantee) => {
      const stateDir = join(root, 'early')
      const said = { topology: early, environment: environment(), stateDir, idleAfter: 10, guarantee }
      const worker = await startWorker(said)
      const topics = ['silent', 'early-minutes-repartition']
      // The second time the repartition topic has what followed from the first.
      for (const topic of topics) {
        await reached(
          broker.admin,
          'early',
          await endsOf(broker.admin, [topic]),
          new AbortController().signal,
        )
      }
      await until('nothing left to do', () => worker.settled)
      await worker.stop()
      return shown()
    }
    const shown = async () => {
      const all = (await broker.admin.offsets('early')).map(({ partition, end: to }) => {
        return { topic: 'early', partition, from: 0, to }
      })
      const lines: string[] = []
      for await (const { records } of broker.read(all)) {
        for (const record of records) {
          const { closeReason, revision } = closeOf(record)
          const { key, start } = windowedKey().decode(record.key!)
          lines.push(`${key} ${start} = ${record.value} at ${record.timestamp}, ${closeReason} ${revision}`)
        }
      }
      return lines
    }
    await send('de', 61_000)
    await send('de', 62_000)
    const first = 'de 60000 = 2 at 62000, idle 1'
    expect(await settled('at-least-once')).to.deep.equal([first])
    expect(await settled('exactly-once')).to.deep.equal([first])
    await send('de', 59_000)
    await send('de', 60_000)
    const corrections = ['de 0 = 1 at 59000, idle 1', 'de 60000 = 3 at 62001, idle 2']
    expect(await settled('exactly-once')).to.deep.equal([first, ...corrections])
    await send('de', 180_000)
    expect(await settled('exactly-once')).to.deep.equal([
      ...[first, ...corrections],
      'de 180000 = 1 at 180000, idle 1',
    ])
    await producer.close()
  })

  async function twoOfChangelogs(names: readonly string[]): Promise<readonly TopicInfo[]> {
    const topics = await broker.admin.topics(names)
    return topics.map((one) => (one.topic.endsWith('-changelog') ? { ...one, partitions: 2 } : one))
  }

  /** Visits of ever later times; each partition has its own part of them. */
  async function write(number: number): Promise<void> {
    const producer = await broker.producer({})
    const records = Array.from({ length: number }, (_, index) => {
      const i = written + index
      const { value: said, timestamp } = visit(i)
      const value = Buffer.from(JSON.stringify(said))
      return { topic: 'visits', partition: i % 3, key: null, value, timestamp, headers: NO_HEADERS }
    })
    await producer.send(records)
    written += number
    await producer.close()
  }

  async function runUntilCaughtUp(state: string): Promise<void> {
    const worker = await startWorker({
      topology: byCountry,
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
})
