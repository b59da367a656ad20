import { expect } from 'chai'
import { drops, joinTable, json, map, sink, topic, topology, toStream } from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { stateFolders } from '../state/state-folder.ts'
import { driven, shortened } from '../support/driven.ts'
import { tabled } from '../support/driven-rows.ts'
import { drivenTopics } from '../support/driven-topics.ts'

const folder = stateFolders()
const plain = tabled<string>((rows) => rows)
const versioned = tabled<string>((rows) => rows, { history: 20 })

describe('table', () => {
  it('should show nothing of nothing', async () => {
    expect((await driven(plain, [])).out).to.deep.equal([])
  })

  it('should show every update by arrival: older, equal, deletions of what is not there', async () => {
    const inputs = [
      ['a', 'x', 10],
      ['a', 'y', 5],
      ['a', 'y', 5],
      ['b', null, 7],
      ['a', null, 1],
    ] as const
    const { out } = await driven(plain, inputs)
    expect(out).to.deep.equal(inputs)
  })

  it('should keep the row that arrived last, with its timestamp', async () => {
    const driver = await testDriver(plain)
    for (const [value, timestamp] of [
      ['x', 10],
      ['y', 5],
    ] as const)
      await driver.pipe('in', { key: 'a', value, timestamp })
    expect([...driver.store('rows').all()]).to.deep.equal([{ key: 'a', value: 'y', timestamp: 5 }])
    await driver.pipe('in', { key: 'a', value: null, timestamp: 6 })
    expect([...driver.store('rows').all()]).to.deep.equal([])
    await driver.close()
  })

  it('should leave out records without a key, and count them, kept or not', async () => {
    for (const materialize of [true, false]) {
      const { out, counters } = await driven(
        tabled((rows) => rows, { materialize }),
        [
          [null, 'x', 1],
          ['', 'x', 2],
        ],
      )
      expect(out).to.deep.equal([['', 'x', 2]])
      expect(counters.get('rows', 'null-key')).to.equal(1)
    }
  })

  it('should keep nothing where it is told so', async () => {
    const said = tabled<string>((rows) => rows, { materialize: false })
    const driver = await testDriver(said)
    await driver.pipe('in', { key: 'a', value: 'x', timestamp: 1 })
    expect(shortened(driver)).to.deep.equal([['a', 'x', 1]])
    expect(() => driver.store('rows')).to.throw('"rows"')
    await driver.close()
  })

  it('should show its updates as records, deletions as null', async () => {
    const said = tabled<string>((rows) =>
      rows.pipe(
        toStream('updates'),
        map('text', (row, { key }) => `${key}: ${row}`),
      ),
    )
    const { out } = await driven(said, [
      ['a', 'x', 10],
      ['a', null, 5],
    ])
    expect(out).to.deep.equal([
      ['a', 'a: x', 10],
      ['a', 'a: null', 5],
    ])
  })
})

describe('table with a history', () => {
  it('should show updates that are out of order, and not those that are too old', async () => {
    const { out, counters } = await driven(versioned, [
      ['a', 'x', 100],
      ['a', 'older', 90],
      ['b', 'at the edge', 80],
      ['b', 'too old', 79],
      ['a', null, 70],
    ])
    expect(out).to.deep.equal([
      ['a', 'x', 100],
      ['a', 'older', 90],
      ['b', 'at the edge', 80],
    ])
    expect(counters.get('rows', 'expired')).to.equal(2)
  })

  it('should hand on what was too old to those who ask for it', async () => {
    const said = topology('spec', ({ table }) => {
      const rows = table('rows', topic('in', { value: json<string>() }), { history: 20 })
      rows.pipe(
        drops('too-old'),
        map('reason', ({ step, reason, value }) => `${step} ${reason} ${value}`),
        sink('out', topic('out', { value: json() })),
      )
    })
    const { out } = await driven(said, [
      ['a', 'x', 100],
      ['a', 'old', 79],
    ])
    expect(out).to.deep.equal([['a', 'rows expired old', 79]])
  })

  it('should give joins the row of the time of their record, after a crash too', async () => {
    const said = topology('spec', ({ source, table }) => {
      const rows = table('rows', topic('table', { value: json<string>() }), { history: '1m' })
      source('stream', topic('stream', { value: json<string>() })).pipe(
        joinTable('joined', rows, (value, row) => `${value}+${row}`),
        sink('out', topic('out', { value: json() })),
      )
    })
    const inputs = [
      ['table', 'a', 't1', 10],
      ['table', 'a', 't3', 30],
      ['table', 'a', 't2', 20],
      ['table', 'a', null, 40],
    ] as const
    const asked = [9, 10, 25, 30, 39, 40].map((time) => ['stream', 'a', 's', time] as const)
    const joined = [
      ['a', 's+t1', 10],
      ['a', 's+t2', 25],
      ['a', 's+t3', 30],
      ['a', 's+t3', 39],
    ]
    expect((await drivenTopics(said, [...inputs, ...asked])).out).to.deep.equal(joined)

    const driver = await testDriver(said, { stores: { dir: folder() } })
    for (const [to, key, value, timestamp] of inputs) await driver.pipe(to, { key, value, timestamp })
    await driver.crash()
    for (const [to, key, value, timestamp] of asked) await driver.pipe(to, { key, value, timestamp })
    expect(shortened(driver)).to.deep.equal(joined)
    await driver.close()
  })
})
