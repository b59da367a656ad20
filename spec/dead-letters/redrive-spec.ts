import { expect } from 'chai'
import { json, map, sink, type Topology, topic, topology, validate } from '../../lib/index.ts'
import { headerOf } from '../../lib/record.ts'
import { Stage } from './stage.ts'

interface Order {
  readonly id: number
  readonly total?: number
}

const seen: string[] = []

/** Two branches of one source; `fixed` says what has been mended since. */
function orders(name: string, fixed: { check?: boolean; map?: boolean } = {}): Topology {
  const value = json<unknown>()
  return topology(name, ({ source }) => {
    const input = source('orders', topic(`${name}-in`, { value: json<Order>(), partitions: 1 }))
    input
      .pipe(
        map('read', (order) => order),
        validate('priced', ({ id, total }) => {
          return total === undefined && !fixed.check ? `order ${id} has no total` : undefined
        }),
        map('rounded', ({ id, total = 0 }, { topic, partition, offset }) => {
          if (total < 0 && !fixed.map) throw new RangeError(`negative: ${total}`)
          return { id, total: Math.round(total), source: `${topic}/${partition}/${offset}` }
        }),
      )
      .pipe(sink('totals', topic(`${name}-totals`, { value, partitions: 1 })))
    input.pipe(
      map('counted', ({ id }) => {
        seen.push(`${name} ${id}`)
        return { id }
      }),
      sink('ids', topic(`${name}-ids`, { value, partitions: 1 })),
    )
  })
}

const ORDERS = [{ id: 0, total: 1.2 }, { id: 1 }, { id: 2, total: -3 }, { id: 3, total: 4 }, { id: 4 }]

describe('redriving dead letters', () => {
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
  })

  after(() => stage.close())

  /** Broken orders have gone through. */
  async function broken(name: string, values: readonly unknown[] = ORDERS): Promise<void> {
    await stage.apply(orders(name))
    await stage.produce(`${name}-in`, values)
    await stage.run(orders(name))
  }

  it('should let them in at the step that refused them, and in that branch only', async () => {
    await broken('branch')
    expect(await stage.letters(orders('branch'))).to.have.length(3)
    const fixed = orders('branch', { check: true, map: true })
    expect(await stage.redrive(fixed)).to.deep.equal({ redriven: 3, refused: 0, failed: [] })

    await broken('clean', [])
    const clean = orders('clean', { check: true, map: true })
    await stage.produce('clean-in', ORDERS)
    await stage.run(clean)
    const own = (values: string[]) => values.map((value) => value.replaceAll('clean-in', 'branch-in'))
    expect(await stage.values('branch-totals')).to.deep.equal(own(await stage.values('clean-totals')))
    expect(await stage.values('branch-ids')).to.deep.equal(await stage.values('clean-ids'))
    expect(seen.filter((one) => one.startsWith('branch'))).to.have.length(5)
  })

  it('should keep key, time, headers and lineage', async () => {
    const one = (await stage.records('branch-totals')).find(
      ({ value }) => JSON.parse(String(value)).id === 2,
    )!
    expect(String(one.key)).to.equal('k2')
    expect(one.timestamp).to.equal(1_700_000_002_000)
    expect(one.headers.map(([name, value]) => `${name} ${value}`)).to.deep.equal(['own h2'])
    expect(JSON.parse(String(one.value)).source).to.equal('branch-in/0/2')
  })

  it('should not let in twice what has been redriven', async () => {
    const fixed = orders('branch', { check: true, map: true })
    expect(await stage.redrive(fixed)).to.deep.equal({ redriven: 0, refused: 0, failed: [] })
    expect((await stage.plan(fixed)).done).to.deep.equal({ 'redriven before': 3 })
    expect(await stage.values('branch-totals')).to.have.length(5)
    expect(await stage.redrive(fixed, { how: 'all' }, { again: true })).to.include({ redriven: 3 })
    expect(await stage.values('branch-totals')).to.have.length(8)
  })

  it('should take one group, or one letter', async () => {
    await broken('some')
    const fixed = orders('some', { check: true, map: true })
    const letters = await stage.letters(fixed)
    const { groups } = await stage.plan(fixed)
    const [priced] = Object.entries(groups).find(([, count]) => count === 2)!
    const { partition, offset } = letters.find(({ step }) => step === 'priced')!
    expect(await stage.redrive(fixed, { how: 'letter', partition, offset })).to.include({ redriven: 1 })
    expect(await stage.values('some-totals')).to.have.length(3)
    expect(await stage.redrive(fixed, { how: 'group', fingerprint: priced })).to.include({ redriven: 1 })
    expect((await stage.plan(fixed)).ways).to.deep.equal({ 'at "rounded" → some-totals': 1 })
  })

  it('should count attempts, and not go round in circles', async () => {
    await broken('round', [{ id: 0 }])
    for (const attempt of [1, 2, 3]) {
      expect(await stage.redrive(orders('round'))).to.deep.equal({ redriven: 1, refused: 1, failed: [] })
      expect((await stage.letters(orders('round'))).map(({ attempts }) => attempts)).to.deep.equal(
        Array.from({ length: attempt + 1 }, (_, n) => n),
      )
    }
    expect(await stage.redrive(orders('round'))).to.include({ redriven: 0 })
    expect((await stage.plan(orders('round'))).left).to.deep.equal({ 'refused again 3 times (--limit 3)': 1 })
    const [last] = (await stage.letters(orders('round'))).slice(-1)
    expect(last!.origin).to.deep.equal({ kind: 'record', topic: 'round-in', partition: 0, offset: 0 })
    expect(last!.headers.filter(([name]) => name === 'millrace.dlq.attempts')).to.have.length(1)
    expect(String(headerOf(last!.headers, 'own'))).to.equal('h0')
    const fixed = orders('round', { check: true })
    expect(await stage.redrive(fixed, { how: 'all' }, { limit: 4 })).to.include({ redriven: 1, refused: 0 })
    expect(await stage.values('round-totals')).to.have.length(1)
  })

  it('should let what the source refused into every branch', async () => {
    await broken('source', [{ id: 0, total: 1 }, '{"id": 1, total: 2}'])
    const value = json<unknown>()
    const lenient = {
      ...value,
      decode: (bytes: Buffer) => JSON.parse(String(bytes).replace(' total:', '"total":')),
    }
    const fixed = topology('source', ({ source }) => {
      const input = source('orders', topic('source-in', { value: lenient as typeof value, partitions: 1 }))
      input.pipe(sink('totals', topic('source-totals', { value, partitions: 1 })))
      input.pipe(sink('ids', topic('source-ids', { value, partitions: 1 })))
    })
    expect(await stage.redrive(fixed)).to.include({ redriven: 1, refused: 0 })
    expect(await stage.values('source-totals')).to.include('{"id":1,"total":2}')
    expect(await stage.values('source-ids')).to.include('{"id":1,"total":2}')
  })

  it('should name a step that is no longer there, and change nothing', async () => {
    await broken('gone', [{ id: 0 }])
    const fixed = topology('gone', ({ source }) => {
      source('orders', topic('gone-in', { value: json<Order>(), partitions: 1 })).pipe(
        sink('totals', topic('gone-totals', { value: json<unknown>(), partitions: 1 })),
      )
    })
    const plan = await stage.plan(fixed)
    expect(plan.left).to.deep.equal({ 'no step behind topic gone-in is called "priced" any more': 1 })
    expect(await stage.redrive(fixed)).to.include({ redriven: 0 })
  })

  it('should let in once what two redrives at a time are told to', async () => {
    const values = Array.from({ length: 1200 }, (_, id) => ({ id }))
    await broken('two', values)
    const fixed = orders('two', { check: true })
    const ended = await Promise.allSettled([stage.redrive(fixed), stage.redrive(fixed)])
    for (const one of ended) if (one.status === 'rejected') expect(one.reason).to.include({ code: 'FENCED' })
    await stage.redrive(fixed)
    expect(await stage.values('two-totals')).to.have.length(1200)
    expect((await stage.plan(fixed)).done).to.deep.equal({ 'redriven before': 1200 })
  })

  it('should go on, where the broker refuses one record, with all others', async () => {
    await broken('large', [{ id: 0 }, { id: 1 }, { id: 2 }])
    const value = json<unknown>()
    const config = { 'max.message.bytes': '5000000' }
    const fixed = topology('large', ({ source }) => {
      source('orders', topic('large-in', { value: json<Order>(), partitions: 1 })).pipe(
        validate('priced', () => undefined),
        map('rounded', ({ id }) => ({ id, pad: 'x'.repeat(id === 1 ? 3_000_000 : 1) })),
        sink('totals', topic('large-totals', { value, partitions: 1, config })),
      )
    })
    const { redriven, failed } = await stage.redrive(fixed)
    expect(redriven).to.equal(2)
    expect(failed.map(({ letter }) => letter)).to.deep.equal(['0/1'])
    expect(await stage.values('large-totals')).to.have.length(2)
    expect(await stage.plan(fixed)).to.include({ due: 1 })
  })

  it('should read from its topic what a letter had no room for, and say where that is gone', async () => {
    const pad = 'x'.repeat(950_000)
    await broken('huge', [
      { id: 0, pad },
      { id: 1, pad },
    ])
    const letters = await stage.letters(orders('huge'))
    expect(letters.map(({ value, omitted }) => [value, omitted?.split(' ')[0]])).to.deep.equal([
      [null, 'value'],
      [null, 'value'],
    ])
    await stage.broker.upkeep.deleteRecords([{ topic: 'huge-in', partition: 0, offset: 1 }])
    const fixed = orders('huge', { check: true })
    expect(await stage.redrive(fixed)).to.deep.equal({ redriven: 1, refused: 0, failed: [] })
    expect((await stage.plan(fixed)).left).to.deep.equal({
      'the letter had no room for the value, and huge-in holds the record no longer': 1,
    })
    const [one] = await stage.values('huge-totals')
    expect(JSON.parse(one!).source).to.equal('huge-in/0/1')
  })

  it('should be done at once with letters of one record and step', async () => {
    await broken('twins', [{ id: 0 }, { id: 1 }])
    const records = await stage.records('twins.dlq')
    const producer = await stage.broker.producer({})
    await producer.send(records)
    await producer.close()
    const fixed = orders('twins', { check: true })
    expect(await stage.plan(fixed)).to.deep.include({
      due: 2,
      done: { 'the same record and step as an earlier letter': 2 },
    })
    expect(await stage.redrive(fixed)).to.include({ redriven: 2 })
    expect(await stage.values('twins-totals')).to.have.length(2)
    expect((await stage.plan(fixed)).done).to.deep.equal({ 'redriven before': 4 })
  })
})
