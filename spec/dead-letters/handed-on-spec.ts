import { expect } from 'chai'
import {
  count,
  json,
  keyBy,
  map,
  repartition,
  sink,
  type Topology,
  topic,
  topology,
  toStream,
} from '../../lib/index.ts'
import { Stage } from './stage.ts'

interface Visit {
  readonly id: number
  readonly page: string
}

/** Counted by page, and copied behind a repartition topic; a refusal before it, and one behind it. */
function visits(name: string, fixed: { before?: boolean; behind?: boolean } = {}): Topology {
  const value = json<unknown>()
  return topology(name, ({ source }) => {
    const read = source('visits', topic(`${name}-in`, { value: json<Visit>(), partitions: 1 })).pipe(
      map('read', (visit) => {
        if (visit.id % 2 === 1 && !fixed.before) throw new RangeError('odd')
        return visit
      }),
    )
    read
      .pipe(
        keyBy('page', ({ page }) => page),
        count('by-page'),
        toStream('counted'),
        map('shown', (visits, { key }) => ({ page: key, visits })),
      )
      .pipe(sink('counts', topic(`${name}-counts`, { value, partitions: 1 })))
    read.pipe(
      repartition('spread'),
      map('copied', (visit) => {
        if (visit.id === 3 && !fixed.behind) throw new RangeError('three')
        return visit
      }),
      sink('copies', topic(`${name}-copies`, { value, partitions: 1 })),
    )
  })
}

const VISITS = [0, 1, 2, 3].map((id) => ({ id, page: id < 2 ? 'a' : 'b' }))

describe('redriving in front of a repartition topic', () => {
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
    await stage.apply(visits('visits'))
    await stage.produce('visits-in', VISITS)
    await stage.run(visits('visits'))
  })

  after(() => stage.close())

  const lasting = async () => {
    const counts = new Map<string, number>()
    for (const { value } of await stage.records('visits-counts')) {
      const { page, visits } = JSON.parse(String(value))
      counts.set(page, visits)
    }
    return Object.fromEntries(counts)
  }

  it('should hand records to the running application, which counts each once', async () => {
    expect(await lasting()).to.deep.equal({ a: 1, b: 1 })
    const fixed = visits('visits', { before: true })
    expect((await stage.plan(fixed)).ways).to.deep.equal({
      'at "read" → the running application, by visits-by-page-repartition, visits-spread-repartition': 2,
    })
    expect(await stage.redrive(fixed)).to.include({ redriven: 2, refused: 0 })
    await stage.run(fixed)
    expect(await lasting()).to.deep.equal({ a: 2, b: 2 })
    expect(await stage.values('visits-copies')).to.have.length(3)
  })

  it('should know behind it how often a record has been redriven, and begin there', async () => {
    const letters = (await stage.letters(visits('visits'))).filter(({ step }) => step === 'copied')
    expect(letters).to.have.length(1)
    expect(letters[0]).to.deep.include({ attempts: 1, timestamp: 1_700_000_003_000 })
    expect(letters[0]!.origin).to.include({ topic: 'visits-spread-repartition' })
    const fixed = visits('visits', { before: true, behind: true })
    expect((await stage.plan(fixed)).ways).to.deep.equal({ 'at "copied" → visits-copies': 1 })
    expect(await stage.redrive(fixed)).to.include({ redriven: 1, refused: 0 })
    const copies = await stage.records('visits-copies')
    expect(copies.map(({ value }) => JSON.parse(String(value)).id).toSorted()).to.deep.equal([0, 1, 2, 3])
    const three = copies.find(({ value }) => JSON.parse(String(value)).id === 3)!
    expect(three.headers.map(([name, value]) => `${name} ${value}`)).to.deep.equal(['own h3'])
    expect(await lasting()).to.deep.equal({ a: 2, b: 2 })
  })
})
