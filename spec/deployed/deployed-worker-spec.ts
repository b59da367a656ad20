import { expect } from 'chai'
import { DeployedWorker } from '../../lib/deployed/deployed-worker.ts'
import { Ledger } from '../../lib/deployed/ledger.ts'
import { headerOf, type RawRecord } from '../../lib/record.ts'
import { Stage } from '../replay/stage.ts'
import { applyTopology } from '../support/environment.ts'
import { until } from '../support/until.ts'
import { visit, visitsByCountry } from '../support/visits.ts'

const counting = visitsByCountry('deployed')
const APPLICATION = counting.name

describe('a worker of a deployed application', function () {
  this.timeout(60_000)
  let stage: Stage
  let ledger: Ledger
  let produced = 0

  beforeEach(async () => {
    stage = await Stage.open()
    produced = 0
    ledger = new Ledger(stage.broker)
    await Ledger.resource(stage.broker).create()
    await applyTopology(counting, stage.environment)
  })
  afterEach(() => stage.close())

  it('should wait as long as an order stands, and begin when it is lifted', async () => {
    await order('drain')
    let worker: DeployedWorker | undefined
    const waiting = start().then((started) => {
      worker = started
    })
    await until('it says that it waits', () => said.some((line) => /waits until `spec` has ended/.test(line)))
    expect(worker).to.equal(undefined)
    expect(await stage.broker.upkeep.members(APPLICATION)).to.deep.equal([])
    await order(null)
    await waiting
    await worker!.stop()
  })

  it('should not begin at all where it is told to end while it waits', async () => {
    await order('drain')
    const ending = new AbortController()
    const starting = start({}, ending.signal)
    ending.abort()
    expect(await starting).to.equal(undefined)
  })

  it('should, ordered to drain, finish what it has begun, read nothing more, and end', async () => {
    await produce(600)
    const worker = (await start())!
    await until('it reads', () => (worker.counts().visits?.records ?? 0) > 0)
    await order('drain')
    await worker.done
    const at = (await stage.broker.admin.committed(APPLICATION, ['visits'])).map(({ offset }) => offset)
    await produce(300)
    // All that was read has come through the topic between.
    const between = `${APPLICATION}-tens-repartition`
    const own = await stage.broker.admin.committed(APPLICATION, [between])
    for (const { partition, earliest, end } of await stage.broker.admin.offsets(between)) {
      const position = own.find((one) => one.partition === partition)?.offset ?? earliest
      expect(position, `${between}/${partition}`).to.be.at.least(end)
    }
    await order(null)
    const next = (await start({ untilCaughtUp: true }))!
    await next.done
    expect(at.reduce((sum, offset) => sum + offset, 0)).to.be.above(0)
    // What one partition has read before the others is late for none of it: counted or told of.
    const late = [worker, next].map((one) => one.counts()['per-country']?.late ?? 0)
    const total = Object.values(await counted()).reduce((sum, count) => sum + count, 0)
    expect(total + late[0]! + late[1]!).to.equal(900)
  })

  it('should drain when asked to, though no order stands', async () => {
    await produce(100)
    const worker = (await start({ drain: true }))!
    await worker.done
    expect(worker.counts().visits?.records ?? 0).to.equal(0)
  })

  it('should run as what was promoted, and mark its records with the generation', async () => {
    await produce(100)
    await ledger.write('application', APPLICATION, { runsAs: 'deployed.v2', generation: 4 })
    await stage.runShadow(counting, 'v2')
    await stage.broker.upkeep.setPositions('deployed.v2', await beginnings())
    const worker = (await start({ untilCaughtUp: true }))!
    expect(worker.runsAs).to.equal('deployed.v2')
    await worker.done
    expect(await stage.broker.admin.committed(APPLICATION, ['visits'])).to.deep.equal([])
    const marks = new Set(
      (await records('counts')).map(({ headers }) => headerOf(headers, 'millrace.generation')?.toString()),
    )
    expect([...marks]).to.deep.equal(['4'])
  })

  const said: string[] = []

  function start(more: object = {}, signal = new AbortController().signal) {
    const keep = (_: object, message: string) => void said.push(message)
    const log = { debug: keep, info: keep, warn: keep, error: keep }
    const environment = { ...stage.environment, log }
    const { stateDir } = stage
    return DeployedWorker.start({ topology: counting, environment, stateDir, idleAfter: 0, ...more }, signal)
  }

  function order(what: 'drain' | null): Promise<void> {
    return ledger.write('order', APPLICATION, what === null ? null : { order: what, by: 'spec' })
  }

  async function produce(number: number): Promise<void> {
    const from = produced
    produced += number
    await stage.produce(
      'visits',
      Array.from({ length: number }, (_, n) => {
        const { value, timestamp } = visit(from + n)
        return [`${from + n}`, value, timestamp - n]
      }),
    )
  }

  async function beginnings() {
    const ranges = await stage.broker.admin.offsets('visits')
    return ranges.map(({ partition, earliest }) => ({ topic: 'visits', partition, offset: earliest }))
  }

  /** The last count of each window. */
  async function counted(): Promise<Record<string, number>> {
    const found: Record<string, number> = {}
    for (const { key, value } of await records('counts')) {
      found[String(key!.toString('hex'))] = JSON.parse(String(value))
    }
    return found
  }

  async function records(topic: string): Promise<RawRecord[]> {
    const ranges = (await stage.broker.admin.offsets(topic)).flatMap(
      ({ partition, earliest: from, end: to }) => (to > from ? [{ topic, partition, from, to }] : []),
    )
    const found: RawRecord[] = []
    for await (const batch of stage.broker.read(ranges)) found.push(...batch.records)
    return found
  }
})
