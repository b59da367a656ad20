import { expect } from 'chai'
import {
  count,
  dedupe,
  drops,
  filter,
  hopping,
  json,
  keyBy,
  map,
  repartition,
  sink,
  topic,
  topology,
  toStream,
  tumbling,
  window,
  windowedKey,
} from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import type { Builder } from '../../lib/topology/builder.ts'
import { subTopologiesOf } from '../../lib/topology/sub-topologies.ts'
import { driven, lettersOf, shortened } from '../support/driven.ts'

const out = topic('out', { value: json() })
const windowedOut = topic('counts', { key: windowedKey(), value: json() })

const inputOf = ({ source }: Builder) =>
  source('input', topic('in', { value: json<string>() }), { nullValues: 'pass' })

describe('drops', () => {
  it('should give late records with key, time and reason, and leave the results as they were', async () => {
    const said = topology('spec', (builder) => {
      const counts = inputOf(builder).pipe(window('tens', tumbling(10, { grace: 5 })), count('counts'))
      counts.pipe(toStream('updates'), sink('counts-out', windowedOut))
      counts.pipe(drops('late'), sink('out', out))
    })
    const driver = await testDriver(said)
    for (const [key, value, timestamp] of [
      ['a', 'one', 5],
      ['b', 'two', 15],
      ['a', 'three', 9],
      [null, 'four', 20],
    ] as const) {
      await driver.pipe('in', { key, value, timestamp, headers: [['h', Buffer.from('kept')]] })
    }
    expect(
      driver.read('out').map(({ headers, ...rest }) => ({ ...rest, header: String(headers[0]?.[1]) })),
    ).to.deep.equal([
      {
        topic: 'out',
        partition: 0,
        key: 'a',
        value: { step: 'counts', reason: 'late', value: 'three', window: { start: 0, end: 10 }, lateBy: 6 },
        timestamp: 9,
        header: 'kept',
      },
      {
        topic: 'out',
        partition: 0,
        key: null,
        value: { step: 'counts', reason: 'null-key', value: 'four' },
        timestamp: 20,
        header: 'kept',
      },
    ])
    expect(driver.read('counts').map(({ value }) => value)).to.deep.equal([1, 1])
    expect(driver.counters.get('counts', 'late')).to.equal(1)
    await driver.close()
  })

  it('should give duplicates, and records without a value', async () => {
    const said = topology('spec', (builder) => {
      const once = inputOf(builder).pipe(dedupe('once', { within: 5 }))
      once.pipe(count('counts'), drops('valueless'), sink('out', out))
      once.pipe(
        drops('twice'),
        filter('texts', ({ value }) => value !== null),
        map('reason', ({ reason, value }) => `${reason} ${value}`),
        sink('twice-out', topic('twice', { value: json() })),
      )
    })
    const driver = await testDriver(said)
    await driver.pipe('in', { key: 'a', value: 'x', timestamp: 5 })
    await driver.pipe('in', { key: 'a', value: 'y', timestamp: 6 })
    await driver.pipe('in', { key: 'b', value: null, timestamp: 6 })
    expect(shortened(driver, 'twice')).to.deep.equal([['a', 'duplicate y', 6]])
    expect(shortened(driver)).to.deep.equal([['b', { step: 'counts', reason: 'null-value', value: null }, 6]])
    await driver.close()
  })

  it('should give what a table does not take', async () => {
    const said = topology('spec', ({ table }) => {
      const rows = table('rows', topic('in', { value: json<string>() }))
      rows.pipe(drops('keyless'), sink('out', out))
    })
    expect(
      (
        await driven(said, [
          [null, 'x', 1],
          ['a', 'y', 2],
        ])
      ).out,
    ).to.deep.equal([[null, { step: 'rows', reason: 'null-key', value: 'x' }, 1]])
  })

  it('should give what does not pass a repartition topic, in the task that leaves it out', async () => {
    const said = topology('spec', (builder) => {
      const placed = inputOf(builder).pipe(
        keyBy('by-value', (value) => (value === 'none' ? null : value)),
        repartition('by-value-topic'),
      )
      placed.pipe(
        count('counts'),
        toStream('updates'),
        sink('counts-out', topic('counts', { value: json() })),
      )
      placed.pipe(drops('keyless'), sink('out', out))
    })
    const [upstream, downstream] = subTopologiesOf(said)
    expect(upstream?.steps.map(({ name }) => name)).to.include('keyless')
    expect(downstream?.steps.map(({ name }) => name)).to.not.include('keyless')
    expect(
      (
        await driven(said, [
          ['a', 'none', 1],
          ['b', 'x', 2],
        ])
      ).out,
    ).to.deep.equal([[null, { step: 'by-value-topic-repartition', reason: 'null-key', value: 'none' }, 1]])
  })

  it('should give a record that is late for several windows once for each', async () => {
    const said = topology('spec', (builder) => {
      const counts = inputOf(builder).pipe(window('tens', hopping(10, 5)), count('counts'))
      counts.pipe(
        drops('late'),
        map('window', ({ window }) => window ?? null),
        sink('out', out),
      )
    })
    const { out: windows } = await driven(said, [
      ['a', 'on time', 30],
      ['a', 'late', 12],
    ])
    expect(windows.map(([, value]) => value)).to.deep.equal([
      { start: 5, end: 15 },
      { start: 10, end: 20 },
    ])
  })

  it('should go to as many places as are asked for', async () => {
    const said = topology('spec', (builder) => {
      const once = inputOf(builder).pipe(dedupe('once', { within: 5 }))
      once.pipe(drops('first'), sink('out', out))
      once.pipe(
        drops('second'),
        map('broken', (): string => {
          throw new RangeError('unlucky')
        }),
        sink('other', topic('other', { value: json() })),
      )
    })
    const driver = await testDriver(said)
    for (const timestamp of [1, 2]) await driver.pipe('in', { key: 'a', value: 'x', timestamp })
    expect(shortened(driver)).to.have.length(1)
    expect(lettersOf(driver)).to.deep.equal(['broken: RangeError: unlucky'])
    await driver.close()
  })
})
