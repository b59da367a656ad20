import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Broker } from '../../../lib/broker/broker.ts'
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
} from '../../../lib/index.ts'
import { SILENT } from '../../../lib/log.ts'
import { NO_HEADERS } from '../../../lib/record.ts'
import { executeReset, planReset, type ResetOptions } from '../../../lib/runtime/reset/reset.ts'
import type { ResetTo } from '../../../lib/runtime/reset/reset-positions.ts'
import { resourcesOf } from '../../../lib/runtime/resources.ts'
import { startWorker } from '../../../lib/runtime/worker.ts'
import { uniqueName } from '../../conformance/broker-harness.ts'
import { failureOf } from '../../conformance/failure-of.ts'
import { countedVisits, type Visit, visit } from '../../support/visits.ts'

const VISITS = 300

/** Of a reset, on any broker. */
export function resetCases(open: () => Promise<Broker>): void {
  const root = mkdtempSync(join(tmpdir(), 'millrace-reset-'))
  const name = uniqueName('reset')
  const input = `${name}-visits`
  const output = `${name}-counts`
  const counting = topology(name, ({ source }) => {
    source('visits', topic(input, { value: json<Visit>(), partitions: 3 })).pipe(
      keyBy('country', ({ country }) => country),
      window('tens', tumbling(10, { grace: 1000 })),
      count('per-country'),
      toStream('updates'),
      sink('out', topic(output, { key: windowedKey(), value: json<number | null>(), partitions: 1 })),
    )
  })
  const internal = [`${name}-tens-repartition`, `${name}-per-country-changelog`]
  let broker: Broker
  const environment = () => ({ broker, sinks: {}, lookups: {}, log: SILENT })
  const stateDir = join(root, 'state')

  before(async () => {
    broker = await open()
    await apply()
    const producer = await broker.producer({})
    const records = Array.from({ length: VISITS }, (_, i) => {
      const { value: said, timestamp } = visit(i)
      const value = Buffer.from(JSON.stringify(said))
      return { topic: input, partition: i % 3, key: null, value, timestamp, headers: NO_HEADERS }
    })
    await producer.send(records)
    await producer.close()
    await run()
  })
  after(async () => {
    await broker?.close()
    rmSync(root, { recursive: true })
  })

  it('should say what it would do, and do nothing', async () => {
    const plan = await planReset(options())
    expect(plan).to.deep.equal({
      application: name,
      inputs: [0, 1, 2].map((partition) => ({ topic: input, partition, from: 100, offset: 0 })),
      state: ['1_0', '1_1', '1_2'],
      topics: internal,
      tables: [],
      kept: [`topic ${output}`, `topic ${name}.dlq`],
    })
    expect(await committed()).to.deep.equal([100, 100, 100])
    expect(await internalTopics()).to.deep.equal(internal)
    expect(tasks()).to.deep.equal(['1_0', '1_1', '1_2'])
  })

  it('should begin where it is told to, within what there is', async () => {
    const offsets = async (to: ResetTo) => (await planReset(options(to))).inputs.map(({ offset }) => offset)
    expect(await offsets({ how: 'latest' })).to.deep.equal([100, 100, 100])
    expect(await offsets({ how: 'offset', offset: 40 })).to.deep.equal([40, 40, 40])
    expect(await offsets({ how: 'offset', offset: 4000 })).to.deep.equal([100, 100, 100])
    expect(await offsets({ how: 'shift', by: -10 })).to.deep.equal([90, 90, 90])
    expect(await offsets({ how: 'shift', by: -1000 })).to.deep.equal([0, 0, 0])
    // Visits come two at a time, one after another in three partitions.
    expect(await offsets({ how: 'time', timestamp: 75 })).to.deep.equal([50, 50, 50])
    expect(await offsets({ how: 'time', timestamp: 1e12 })).to.deep.equal([100, 100, 100])
  })

  it('should be refused while an instance runs, and change nothing', async () => {
    const worker = await start(false)
    try {
      while (!worker.assigned) await new Promise((resolve) => setTimeout(resolve, 20))
      for (const reset of [planReset(options()), executeReset(await planned(), options())]) {
        const error = await failureOf(reset)
        expect(error.code).to.equal('DATA_LOSS')
        expect(error.message).to.match(
          /^application "reset-\w+" is running: its group has 1 member \(.+ on .+\)/,
        )
      }
    } finally {
      await worker.stop()
    }
    expect(await committed()).to.deep.equal([100, 100, 100])
    expect(await internalTopics()).to.deep.equal(internal)
  })

  it('should give the results of a first run when it has been done, however often it was', async () => {
    const from = (await broker.admin.offsets(output))[0]!.end
    for (let times = 0; times < 2; times++) await executeReset(await planReset(options()), options())
    expect(await committed()).to.deep.equal([0, 0, 0])
    expect(await internalTopics()).to.deep.equal([])
    expect(tasks()).to.deep.equal([])
    expect((await planReset(options())).topics).to.deep.equal([])
    await apply()
    await run()
    expect(await counts(from)).to.deep.equal(countedVisits(VISITS))
  })

  /** What a kill between two steps leaves. */
  it('should do what is left when it was killed', async () => {
    const plan = await planReset(options())
    const from = (await broker.admin.offsets(output))[0]!.end
    await broker.upkeep.setPositions(name, plan.inputs)
    rmSync(join(stateDir, name, '1_0'), { recursive: true })
    await broker.upkeep.deleteTopic(plan.topics[0]!)
    await executeReset(await planReset(options()), options())
    expect(await internalTopics()).to.deep.equal([])
    await apply()
    await run()
    expect(await counts(from)).to.deep.equal(countedVisits(VISITS))
  })

  function options(to: ResetTo = { how: 'earliest' }): ResetOptions {
    return { topology: counting, application: name, environment: environment(), stateDir, to, sinks: false }
  }

  async function planned() {
    const inputs = [{ topic: input, partition: 0, from: 100, offset: 0 }]
    return { application: name, inputs, state: [], topics: internal, tables: [], kept: [] }
  }

  async function apply(): Promise<void> {
    for (const resource of resourcesOf(counting, name, environment())) await resource.create()
  }

  function start(untilCaughtUp: boolean) {
    return startWorker({ topology: counting, environment: environment(), stateDir, untilCaughtUp })
  }

  async function run(): Promise<void> {
    await (await start(true)).done
  }

  async function committed(): Promise<number[]> {
    const positions = await broker.admin.committed(name, [input])
    return positions.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset)
  }

  async function internalTopics(): Promise<string[]> {
    const there = new Set((await broker.admin.topics(internal)).map(({ topic }) => topic))
    return internal.filter((topic) => there.has(topic))
  }

  function tasks(): string[] {
    const dir = join(stateDir, name)
    const found = existsSync(dir) ? readdirSync(dir) : []
    return found.filter((task) => task !== 'process').sort()
  }

  async function counts(from: number): Promise<Record<string, number>> {
    const last: Record<string, number> = {}
    const { end } = (await broker.admin.offsets(output))[0]!
    for await (const { records } of broker.read([{ topic: output, partition: 0, from, to: end }])) {
      for (const { key, value } of records) {
        const { key: country, start } = windowedKey().decode(key!)
        last[`${country}@${start}`] = JSON.parse(String(value))
      }
    }
    return last
  }
}
