import { expect } from 'chai'
import {
  count,
  type Forward,
  json,
  keyBy,
  keyValueStore,
  process,
  type Stream,
  sink,
  topic,
  topology,
} from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { subTopologiesOf } from '../../lib/topology/sub-topologies.ts'
import { failureOf } from '../contract/failure-of.ts'
import { shortened } from '../support/driven.ts'

const last = () => keyValueStore<number>('last')
type Store = ReturnType<typeof last>
const input = (name: string, partitions = 4) => topic(name, { value: json<number>(), partitions })
const output = (name: string) => topic(name, { value: json<number | null>() })

/** Remembers numbers, and shows what was there before. */
const remember = (name: string, last: Store) => (stream: Stream<string, number>) =>
  stream.pipe(
    process(name, { stores: { last } }, ({ stores }, forward: Forward<number | null>) => (value, { key }) => {
      forward({ value: stores.last.get(key) ?? null })
      stores.last.put(key, value)
    }),
  )

/** Two sources that have nothing in common but the store. */
const sharing = (store: () => Store, partitions = 4) =>
  topology('spec', ({ source }) => {
    source('left', input('left')).pipe(remember('of-left', store()), sink('left-out', output('lefts')))
    source('right', input('right', partitions)).pipe(
      remember('of-right', store()),
      sink('right-out', output('rights')),
    )
  })

describe('stores', () => {
  it('should have names that a changelog topic can have', () => {
    const define = () =>
      topology('spec', ({ source }) => {
        source('left', input('left')).pipe(
          remember('of-left', keyValueStore<number>('all/users')),
          sink('left-out', output('lefts')),
        )
      })
    expect(failureOf(define)).to.match(/a store of step "of-left" needs a name of letters.+not "all\/users"/)
  })

  it('should be refused where two have one name', () => {
    expect(failureOf(() => sharing(last))).to.match(
      /steps "of-left" and "of-right" of topology "spec" would have two stores named "last"; rename one/,
    )
    const twice = () =>
      topology('spec', ({ source }) => {
        source('left', input('left')).pipe(
          process('both', { stores: { a: last(), b: last() } }, () => () => {}),
        )
      })
    expect(failureOf(twice)).to.match(/step "both" of topology "spec" would have two stores/)
    const aggregated = () =>
      topology('spec', ({ source }) => {
        const left = source('left', input('left'))
        left.pipe(count('last'))
        left.pipe(process('other', { stores: { last: last() } }, () => () => {}))
      })
    expect(failureOf(aggregated)).to.match(/steps "last" and "other"/)
  })

  it('should be shared by the steps that are given one, which are then in one sub-topology', async () => {
    const store = last()
    const said = sharing(() => store)
    expect(subTopologiesOf(said)).to.have.length(1)
    expect(subTopologiesOf(sharing(numbered()))).to.have.length(2)
    const driver = await testDriver(said, { partitions: 3 })
    await driver.pipe('left', { key: 'a', value: 1, timestamp: 1 })
    await driver.pipe('right', { key: 'a', value: 2, timestamp: 2 })
    await driver.pipe('left', { key: 'a', value: 3, timestamp: 3 })
    expect(shortened(driver, 'lefts')).to.deep.equal([
      ['a', null, 1],
      ['a', 2, 3],
    ])
    expect(shortened(driver, 'rights')).to.deep.equal([['a', 1, 2]])
    await driver.close()
  })

  it('should be shared only where a key is in the same partition for all', () => {
    const store = last()
    expect(failureOf(() => sharing(() => store, 5))).to.match(
      /topic "left" has 4 partitions, topic "right" has 5 partitions/,
    )
  })

  it('should make one sub-topology even of the two sides of a repartition topic', () => {
    const store = last()
    const said = topology('spec', ({ source }) => {
      const left = source('left', input('left'))
      left.pipe(remember('direct', store), sink('direct-out', output('direct')))
      left.pipe(keyBy('by-value', String), remember('around', store), sink('around-out', output('around')))
    })
    expect(subTopologiesOf(said).map(({ inputs }) => inputs.map(({ name }) => name))).to.deep.equal([
      ['left', 'around-repartition'],
    ])
  })
})

/** A store for each call. */
function numbered() {
  let next = 0
  return () => keyValueStore<number>(`last-${next++}`)
}
