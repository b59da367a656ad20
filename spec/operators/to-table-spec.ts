import { expect } from 'chai'
import {
  drops,
  json,
  keyBy,
  leftJoinTable,
  map,
  sink,
  type ToTableOptions,
  topic,
  topology,
  toTable,
} from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { stateFolders } from '../state/state-folder.ts'
import { chain, driven, shortened } from '../support/driven.ts'
import { drivenTopics } from '../support/driven-topics.ts'

const folder = stateFolders()
const rows = chain<string>((input) => input.pipe(toTable('rows')))

describe('toTable', () => {
  it('should show nothing of nothing', async () => {
    expect((await driven(rows, [])).out).to.deep.equal([])
  })

  it('should take each record for its key`s new row, and null for a deletion', async () => {
    const inputs = [
      ['a', 'x', 10],
      ['a', 'y', 5],
      ['b', 'x', 7],
      ['b', null, 3],
      ['c', null, 1],
    ] as const
    const driver = await testDriver(rows, { stores: { dir: folder() } })
    for (const [key, value, timestamp] of inputs) await driver.pipe('in', { key, value, timestamp })
    expect(shortened(driver)).to.deep.equal(inputs)
    expect([...driver.store('rows').all()]).to.deep.equal([{ key: 'a', value: 'y', timestamp: 5 }])
    await driver.crash()
    expect([...driver.store('rows').all()]).to.deep.equal([{ key: 'a', value: 'y', timestamp: 5 }])
    await driver.close()
  })

  it('should leave out records without a key, count them, and hand them to who asks', async () => {
    const said = chain<string>((input) =>
      input.pipe(
        toTable('rows'),
        drops('keyless'),
        map('reason', ({ reason, value }) => `${reason}: ${value}`),
      ),
    )
    const { out, counters } = await driven(said, [
      ['a', 'x', 1],
      [null, 'y', 2],
    ])
    expect(out).to.deep.equal([[null, 'null-key: y', 2]])
    expect(counters.get('rows', 'null-key')).to.equal(1)
  })

  it('should bring rows with changed keys together, from whatever partition', async () => {
    const said = chain<string>((input) =>
      input.pipe(
        keyBy('by-value', (value) => value),
        toTable('rows'),
      ),
    )
    expect(said.nodes.map(({ name }) => name)).to.include('rows-repartition')
    const driver = await testDriver(said, { partitions: 3 })
    const values = ['x', 'y', 'z', 'x', 'y', 'z']
    for (const [index, value] of values.entries())
      await driver.pipe('in', { key: `k${index}`, value, timestamp: index, partition: index % 2 })
    const kept = [0, 1, 2].flatMap((partition) => [...driver.store('rows', partition).all()])
    expect(kept.map(({ key, timestamp }) => [key, timestamp]).sort()).to.deep.equal([
      ['x', 3],
      ['y', 4],
      ['z', 5],
    ])
    await driver.close()
  })

  it('should keep a history where it is told so, from which joins take the row of their time', async () => {
    const said = (options: ToTableOptions<string>) =>
      topology('spec', ({ source }) => {
        const table = source('rows-in', topic('rows', { value: json<string>() })).pipe(
          toTable('rows', options),
        )
        source('stream', topic('stream', { value: json<string>() })).pipe(
          leftJoinTable('joined', table, (value, row) => `${value}+${row}`),
          sink('out', topic('out', { value: json() })),
        )
      })
    const inputs = [
      ['rows', 'a', 't1', 10],
      ['rows', 'a', 't2', 20],
      ['stream', 'a', 's', 15],
      ['stream', 'a', 's', 5],
    ] as const
    const values = async (options: ToTableOptions<string>) =>
      (await drivenTopics(said(options), inputs)).out.map(([, value]) => value)
    expect(await values({})).to.deep.equal(['s+t2', 's+t2'])
    expect(await values({ history: '1m' })).to.deep.equal(['s+t1', 's+null'])
  })
})
