import { expect } from 'chai'
import { Ledger } from '../../lib/deployed/ledger.ts'
import type { MillraceError } from '../../lib/errors.ts'
import { json, map, sink, type Topology, topic, topology } from '../../lib/index.ts'
import type { Bound } from '../../lib/replay/bound.ts'
import { planReplay, type ReplayPlan } from '../../lib/replay/plan-replay.ts'
import { startReplay } from '../../lib/replay/replay.ts'
import { until } from '../support/until.ts'
import { visit, visitsByCountry } from '../support/visits.ts'
import { Stage } from './stage.ts'

interface Numbered {
  readonly n: number
}

const BEGIN = 1_700_000_000_000
const RECORDS = 3000

const doubling = topology('doubling', ({ source }) => {
  source('in', topic('in', { value: json<Numbered>(), partitions: 3 })).pipe(
    map('double', ({ n }) => ({ n, twice: 2 * n })),
    sink('out', topic('out', { value: json<Numbered>(), partitions: 1 })),
  )
})

describe('a replay of a range', function () {
  this.timeout(60_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
    await Ledger.resource(stage.broker).create()
    await stage.run(doubling)
    await stage.produce(
      'in',
      Array.from({ length: RECORDS }, (_, n) => [String(n), { n }, BEGIN]),
    )
    await stage.run(doubling)
  })
  after(() => stage.close())

  const plan = (from: Bound, to: Bound, said: { name?: string; topology?: Topology } = {}) => {
    const { topology: meant = doubling, name } = said
    const request = `${JSON.stringify(from)} ${JSON.stringify(to)}`
    const { environment } = stage
    return planReplay({
      ...{ topology: meant, application: meant.name, environment, from, to, request, into: false },
      ...(name !== undefined && { name }),
    })
  }

  const start = ({ name, record }: ReplayPlan, rate?: number, meant = doubling) => {
    const { environment, stateDir } = stage
    const batch = { records: 100 }
    return startReplay({
      ...{
        topology: meant,
        application: meant.name,
        name,
        into: false,
        record,
        environment,
        stateDir,
        batch,
      },
      ...(rate !== undefined && { rate }),
    })
  }

  /** What is in a topic behind the first `since` records, by `n`. */
  const written = async (since: number): Promise<number[]> => {
    const [range] = await stage.broker.admin.offsets('out')
    const numbers: number[] = []
    const ranges = [{ topic: 'out', partition: 0, from: since, to: range!.end }]
    for await (const { records } of stage.broker.read(range!.end > since ? ranges : [])) {
      numbers.push(...records.map(({ value }) => (JSON.parse(String(value)) as Numbered).n))
    }
    return numbers.sort((a, b) => a - b)
  }
  const end = async () => (await stage.broker.admin.offsets('out'))[0]!.end

  it('should write what is of these times again, and nothing else', async () => {
    const since = await end()
    const planned = await plan(
      { how: 'time', timestamp: BEGIN + 500 },
      { how: 'time', timestamp: BEGIN + 700 },
    )
    expect(planned).to.include({ name: 'r1', application: 'doubling-replay-r1', resumes: undefined })
    const replay = await start(planned)
    expect(await replay.ended).to.equal('done')
    expect(await replay.progress()).to.deep.equal({ done: 200, total: 200 })
    expect(await written(since)).to.deep.equal(Array.from({ length: 200 }, (_, i) => 500 + i))
  })

  it('should leave the positions of the live application alone', async () => {
    const committed = await stage.broker.admin.committed('doubling', ['in'])
    expect(committed.reduce((sum, { offset }) => sum + offset, 0)).to.equal(RECORDS)
  })

  it('should read the end that was found at its start, whatever comes later', async () => {
    const since = await end()
    const planned = await plan({ how: 'earliest' }, { how: 'latest' })
    await stage.produce('in', [['late', { n: -1 }, BEGIN]])
    await (await start(planned)).ended
    expect(await written(since)).to.deep.equal(Array.from({ length: RECORDS }, (_, n) => n))
  })

  it('should go on where it was stopped, when it is asked for again', async () => {
    const since = await end()
    const [from, to] = [
      { how: 'offset', offset: 0 },
      { how: 'offset', offset: 900 },
    ] as const
    const first = await start(await plan(from, to), 2000)
    await until('it has begun', async () => (await first.progress()).done > 300)
    await first.stop()
    expect(await first.ended).to.equal('stopped')
    const { done } = await first.progress()
    const again = await plan(from, to)
    expect(again.resumes).to.deep.equal({ done, total: 2700 })
    await (await start(again)).ended
    const numbers = await written(since)
    expect(numbers).to.have.length(2700)
    expect(new Set(numbers)).to.have.property('size', 2700)
    expect((await plan(from, to)).resumes).to.equal(undefined)
  })

  it('should read as fast as it is told, within a tenth', async () => {
    const since = await end()
    const [rate, most] = [600, 2700]
    const replay = await start(await plan({ how: 'earliest' }, { how: 'offset', offset: most / 3 }), rate)
    // Between two points on the way: what comes first is a tenth of a second's at once.
    const marks: { at: number; done: number }[] = []
    await until('most of it is done', async () => {
      const { done } = await replay.progress()
      if (done >= 300) marks.push({ at: performance.now(), done })
      return done >= 2400
    })
    await replay.ended
    const pace = (from: (typeof marks)[0], to: (typeof marks)[0]) =>
      ((to.done - from.done) / (to.at - from.at)) * 1000
    const twoSeconds = marks.flatMap((from) => {
      const to = marks.find(({ at }) => at - from.at >= 2000)
      return to === undefined ? [] : [pace(from, to)]
    })
    expect(pace(marks[0]!, marks.at(-1)!)).to.be.at.most(rate * 1.1)
    // A machine that stands still for a moment makes it slower, and that is not made up for.
    expect(Math.max(...twoSeconds)).to.be.within(rate * 0.9, rate * 1.2)
    expect(await written(since)).to.have.length(most)
  })

  it('should say which records are there no more', async () => {
    await stage.broker.upkeep.deleteRecords([{ topic: 'in', partition: 0, offset: 50 }])
    const { record } = await plan({ how: 'offset', offset: 10 }, { how: 'latest' }, { name: 'gaps' })
    expect(record.ranges.map(({ partition, gap }) => [partition, gap])).to.deep.equal([
      [0, { from: 10, to: 50 }],
      [1, undefined],
      [2, undefined],
    ])
    const early = await plan({ how: 'time', timestamp: BEGIN }, { how: 'latest' }, { name: 'gaps' })
    expect(early.record.ranges.map(({ gap }) => gap)).to.deep.equal([
      { from: 0, to: 50 },
      undefined,
      undefined,
    ])
    const all = await plan({ how: 'earliest' }, { how: 'latest' }, { name: 'gaps' })
    expect(all.record.ranges.map(({ gap }) => gap)).to.deep.equal([undefined, undefined, undefined])
  })

  describe('of windows', () => {
    const counting = visitsByCountry('counting')
    const VISITS = 400

    before(async () => {
      await stage.run(counting)
      const values = Array.from({ length: VISITS }, (_, i) => {
        const { value, timestamp } = visit(i)
        return [`${i}`, value, timestamp - i] as const
      })
      await stage.produce('visits', values)
      await stage.run(counting)
    })

    it('should read whole windows, and hand on those that reach into the range', async () => {
      const before = await newest()
      const since = await ends('counts')
      const [from, to] = [
        { how: 'time', timestamp: 52 },
        { how: 'time', timestamp: 95 },
      ] as const
      const planned = await plan(from, to, { topology: counting })
      expect(planned.widened).to.deep.equal({ before: 10, after: 15 })
      await (await start(planned, undefined, counting)).ended
      const again = await newest(since)
      expect([...again.keys()].map((key) => JSON.parse(key).start).sort(byNumber)).to.deep.equal(
        [50, 60, 70, 80, 90].flatMap((start) => Array.from({ length: 5 }, () => start)),
      )
      for (const [key, value] of again) expect(value).to.equal(before.get(key))
    })

    it('should leave nothing of its own', async () => {
      const topics = ['counting-replay-r1-tens-repartition', 'counting-replay-r1-per-country-changelog']
      expect(await stage.broker.admin.topics(topics)).to.deep.equal([])
    })

    it('should refuse offsets, which are no times', async () => {
      const error = await plan({ how: 'offset', offset: 3 }, { how: 'latest' }, { topology: counting }).catch(
        (error: MillraceError) => error,
      )
      expect(error).to.have.property('code', 'DATA_LOSS')
    })

    const byNumber = (a: number, b: number) => a - b
    const ends = async (topic: string) => {
      const ranges = await stage.broker.admin.offsets(topic)
      return new Map(ranges.map(({ partition, end }) => [partition, end]))
    }

    async function newest(since: ReadonlyMap<number, number> = new Map()): Promise<Map<string, number>> {
      const found = new Map<string, number>()
      const ranges = (await stage.broker.admin.offsets('counts')).map(({ partition, end }) => {
        return { topic: 'counts', partition, from: since.get(partition) ?? 0, to: end }
      })
      const { key: keys } = counting.nodes.find((node) => node.kind === 'sink')!.target as never as {
        key: { decode(bytes: Buffer): unknown }
      }
      for await (const { records } of stage.broker.read(ranges.filter(({ from, to }) => to > from))) {
        for (const { key, value } of records) {
          found.set(JSON.stringify(keys.decode(key!)), JSON.parse(String(value)))
        }
      }
      return found
    }
  })
})
