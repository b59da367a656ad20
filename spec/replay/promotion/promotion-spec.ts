import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { deployedAs } from '../../../lib/deployed/application.ts'
import { DeployedWorker } from '../../../lib/deployed/deployed-worker.ts'
import { Ledger } from '../../../lib/deployed/ledger.ts'
import { requireNoOrder, standingOrder } from '../../../lib/deployed/orders.ts'
import { headerOf, type RawRecord } from '../../../lib/record.ts'
import { cleanShadow } from '../../../lib/replay/clean-shadow.ts'
import { planReplay } from '../../../lib/replay/plan-replay.ts'
import { readPromotions } from '../../../lib/replay/promotion/journal.ts'
import { promote } from '../../../lib/replay/promotion/promote.ts'
import type { PromotionOptions } from '../../../lib/replay/promotion/promotion-options.ts'
import { rollback } from '../../../lib/replay/promotion/rollback.ts'
import { startReplay } from '../../../lib/replay/replay.ts'
import { GENERATION } from '../../../lib/runtime/generation-header.ts'
import { startWorker } from '../../../lib/runtime/worker.ts'
import { applyTopology } from '../../support/environment.ts'
import { until } from '../../support/until.ts'
import { Stage } from '../stage.ts'
import { dyingAt, Killed } from './dying-broker.ts'
import { NEW, OLD, price, pricesOf, type Version } from './prices.ts'

const [old, next] = [pricesOf(OLD), pricesOf(NEW)]
const APPLICATION = old.name
/** Compaction leaves alone what is of today. */
const BEGIN = Date.now() - 60_000

describe('a shadow that is promoted and rolled back', function () {
  this.timeout(240_000)
  let stage: Stage
  let produced = 0
  let live: DeployedWorker | undefined
  const told: string[] = []

  before(async () => {
    stage = await Stage.open()
    await Ledger.resource(stage.broker).create()
    await applyTopology(old, stage.environment)
    await produce(400)
    live = await start(old)
    await passed()
    await replayInto('v2')
  })
  after(async () => {
    await live?.stop()
    await stage.close()
  })

  it('should be undone where nothing was changed yet', async () => {
    await produce(50)
    // 1: the order; 2: P is noted; 3: the first pre-images.
    for (const nth of [1, 2, 3]) {
      await expectKilled(promote(promotion('v2', nth, 'behind')))
      expect(await standingOrder(stage.broker, APPLICATION)).to.include({ order: 'drain' })
      const refused = await requireNoOrder(stage.broker, APPLICATION).catch((error: unknown) => error)
      expect(String(refused)).to.match(/is being drained: `replay promote v2` has not ended/)
      await live!.done
      expect((await rollback(promotion('v2'))).outcome).to.equal('undone')
      expect(await standingOrder(stage.broker, APPLICATION)).to.equal(undefined)
      live = await start(old)
      await produce(20)
      await passed()
      await expectBands(OLD)
    }
    expect(await deployedAs(stage.broker, APPLICATION)).to.deep.equal({ runsAs: APPLICATION })
  })

  it('should be promoted while records come in, however often it is killed', async () => {
    const load = producing()
    const attempts = await untilDone((nth, when) => promote(promotion('v2', nth, when)))
    expect(attempts).to.be.greaterThan(6)
    await live!.done
    await load.stop()
    expect(await deployedAs(stage.broker, APPLICATION)).to.deep.equal({
      runsAs: `${APPLICATION}.v2`,
      generation: (await deployedAs(stage.broker, APPLICATION)).generation,
    })
    live = await start(next)
    expect(live!.runsAs).to.equal(`${APPLICATION}.v2`)
    await produce(100)
    await passed()
    await expectBands(NEW)
    await expectTotals(NEW)
  })

  it('should not be removed, nor read into, while the application runs on it', async () => {
    const refused = await cleanShadow({ ...promotion('v2'), topology: next }).catch((error: unknown) => error)
    expect(String(refused)).to.match(/runs on the state of shadow "v2", which was promoted/)
    // Its group is the live one by now.
    const into = await replayInto('v2').catch((error: unknown) => error)
    expect(String(into)).to.match(/runs on the state of shadow "v2", which was promoted/)
  })

  it('should be rolled back while records come in, however often it is killed', async () => {
    const load = producing()
    const attempts = await untilDone((nth, when) => rollback(promotion('v2', nth, when)))
    expect(attempts).to.be.greaterThan(6)
    await live!.done
    await load.stop()
    expect((await deployedAs(stage.broker, APPLICATION)).runsAs).to.equal(APPLICATION)
    live = await start(old)
    await produce(100)
    await passed()
    await expectBands(OLD)
    await expectTotals(OLD)
  })

  it('should have written no key of a source twice in a generation', async () => {
    const seen = new Map<string, number>()
    for (const record of await all('banded')) {
      const generation = headerOf(record.headers, GENERATION)
      const said = `${record.key} ${headerOf(record.headers, 'nth')} ${generation}`
      seen.set(said, (seen.get(said) ?? 0) + 1)
    }
    expect([...seen].filter(([, times]) => times > 1)).to.deep.equal([])
    expect(new Set([...seen.keys()].map((said) => said.split(' ')[2])).size).to.be.greaterThan(3)
  })

  it('should not be promoted again, be made anew, and see what live has read since P', async () => {
    const refused = await promote(promotion('v2')).catch((error: unknown) => error)
    expect(String(refused)).to.match(/was rolled back: what came since is not in its sinks/)
    const into = await replayInto('v2').catch((error: unknown) => error)
    expect(String(into)).to.match(/was rolled back: what came since is not in its sinks/)
    await cleanShadow({ ...promotion('v2'), topology: next })
    await replayInto('v2')
    // P is noted, and killed; a worker that knows of no order reads on.
    await expectKilled(promote(promotion('v2', 2, 'behind')))
    await live!.done
    await produce(30)
    const { environment, stateDir } = stage
    const { generation } = await deployedAs(stage.broker, APPLICATION)
    const late = { topology: old, environment, stateDir, idleAfter: 0, generation, untilCaughtUp: true }
    await startWorker(late).then(({ done }) => done)
    const { positions } = await promote(promotion('v2'))
    expect(positions.reduce((sum, { offset }) => sum + offset, 0)).to.equal(produced)
    live = await start(next)
    await passed()
    await expectBands(NEW)
    await expectTotals(NEW)
  })

  function promotion(name: string, nth = 0, when: 'before' | 'behind' = 'before'): PromotionOptions {
    const environment = {
      ...stage.environment,
      broker: dyingAt(stage.broker, `${APPLICATION}-promotion`, nth, when),
    }
    const { stateDir } = stage
    const tell = (what: string) => void told.push(what)
    return {
      ...{ topology: next, application: APPLICATION, name, environment },
      ...{ stateDir, folder: stateDir, tables: {}, tell },
    }
  }

  /** Killed before and behind the commits of each stage, one after the other, until it comes through; returns how often. */
  async function untilDone(attempt: (nth: number, when: 'before' | 'behind') => Promise<unknown>) {
    let tries = 0
    let before: string | undefined
    for (let attempts = 1; ; attempts++) {
      const stage = await stageOf('v2')
      tries = stage === before ? tries + 1 : 0
      before = stage
      const killed = attempt(1 + (tries >> 1), tries % 2 === 0 ? 'before' : 'behind')
      const outcome = await killed.catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error
        return 'killed'
      })
      if (outcome !== 'killed') return attempts
      expect(attempts, told.slice(-5).join('; ')).to.be.lessThan(60)
    }
  }

  async function stageOf(name: string): Promise<string | undefined> {
    const known = await readPromotions(stage.environment, APPLICATION)
    return known.find((one) => one.name === name)?.value.stage
  }

  async function replayInto(name: string): Promise<void> {
    const asked = { topology: next, application: APPLICATION, environment: stage.environment, into: true }
    const [from, to] = [{ how: 'earliest' }, { how: 'latest' }] as const
    const { record } = await planReplay({ ...asked, from, to, name, request: 'all' })
    const { ended } = await startReplay({ ...asked, name, record, stateDir: stage.stateDir })
    expect(await ended).to.equal('done')
  }

  async function start(topology: typeof old): Promise<DeployedWorker> {
    const { environment, stateDir } = stage
    const options = { topology, environment, stateDir, idleAfter: 100 }
    return (await DeployedWorker.start(options, new AbortController().signal))!
  }

  async function produce(records: number): Promise<void> {
    const values = Array.from({ length: records }, (_, n) => {
      const i = produced + n
      return [...price(i), { nth: String(i), timestamp: BEGIN + i }] as const
    })
    const producer = await stage.broker.producer({})
    await producer.send(
      values.map(([key, value, { nth, timestamp }]) => ({
        ...{ topic: 'prices', key: Buffer.from(key), value: Buffer.from(JSON.stringify(value)), timestamp },
        headers: [['nth', Buffer.from(nth)]],
      })),
    )
    await producer.close()
    produced += records
  }

  /** Some hundred records a second. */
  function producing() {
    const stopping = new AbortController()
    const done = (async () => {
      while (!stopping.signal.aborted) {
        await produce(10)
        await delay(20)
      }
    })()
    return {
      stop: () => {
        stopping.abort()
        return done
      },
    }
  }

  /** The worker has committed all that came, and what follows from it. */
  async function passed(): Promise<void> {
    const { admin } = stage.broker
    const { runsAs } = live!
    await until('all has been read', async () => {
      for (const topic of ['prices', 'totals', `${runsAs}-per-band-repartition`]) {
        if ((await admin.topics([topic])).length === 0) continue
        const at = await admin.committed(runsAs, [topic])
        for (const { partition, earliest, end } of await admin.offsets(topic)) {
          const position = at.find((one) => one.partition === partition)?.offset ?? earliest
          if (position < end) return false
        }
      }
      return true
    })
  }

  /** By plain means: the last price of each key that the version knows. */
  async function expectBands({ band }: Version): Promise<void> {
    const expected = new Map<string, string>()
    for (let i = 0; i < produced; i++) {
      const [key, { n }] = price(i)
      const known = band(n)
      if (known !== undefined) expected.set(key, known)
    }
    const found = new Map([...(await newest('banded'))].map(([key, { band }]) => [key, band]))
    expect(found).to.deep.equal(expected)
  }

  async function expectTotals({ band }: Version): Promise<void> {
    const expected = new Map<string, number>()
    for (let i = 0; i < produced; i++) {
      const known = band(price(i)[1].n)
      if (known !== undefined) expected.set(known, (expected.get(known) ?? 0) + 1)
    }
    await until('all totals are copied', async () => {
      const [one, other] = [await newest('totals'), await newest('copied')]
      return JSON.stringify([...one].sort()) === JSON.stringify([...other].sort())
    })
    expect(await newest('totals')).to.deep.equal(expected)
  }

  /** As a plain consumer sees a topic: the last record of a key counts, and one without a value is none. */
  async function newest(topic: string): Promise<Map<string, never>> {
    const rows = new Map<string, never>()
    for (const { key, value } of await all(topic)) {
      if (value === null) rows.delete(String(key))
      else rows.set(String(key), JSON.parse(String(value)) as never)
    }
    return rows
  }

  async function all(topic: string): Promise<RawRecord[]> {
    const ranges = (await stage.broker.admin.offsets(topic)).flatMap(
      ({ partition, earliest: from, end: to }) => (to > from ? [{ topic, partition, from, to }] : []),
    )
    const found: RawRecord[] = []
    for await (const { records } of stage.broker.read(ranges)) found.push(...records)
    return found
  }
})

async function expectKilled(promise: Promise<unknown>): Promise<void> {
  const outcome = await promise.catch((error: unknown) => error)
  expect(outcome).to.be.instanceOf(Killed)
}
