import { expect } from 'chai'
import {
  filter,
  json,
  type SinkTarget,
  type Stream,
  sink,
  type Table,
  topic,
  topology,
} from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { lettersOf } from '../support/driven.ts'

const people: SinkTarget<{ readonly name: string }> = { connector: 'spec', name: 'people' }

/** Records of topic `in`, or rows of topic `rows`, into what is said. */
const driver = (define: (input: Stream<string, never>, rows: Table<string, never>) => void) =>
  testDriver(
    topology('spec', ({ source, table }) => {
      const input = source('input', topic('in', { value: json() }), { nullValues: 'pass' })
      const rows = table('rows', topic('rows', { value: json() }))
      define(input as Stream<string, never>, rows as Table<string, never>)
    }),
  )

const to = (name: string) => topic<string, unknown>(name, { value: json<unknown>() })

describe('sink', () => {
  it('should write nothing of nothing', async () => {
    const driven = await driver((input) =>
      input.pipe(
        filter('none', () => false),
        sink('out', to('out')),
      ),
    )
    await driven.pipe('in', { key: 'a', value: 1, timestamp: 5 })
    expect(driven.read()).to.deep.equal([])
  })

  it('should write records with key, value, timestamp and headers, in order, to the partition of the key', async () => {
    const driven = await testDriver(
      topology('spec', ({ source }) => {
        source('input', to('in')).pipe(sink('out', to('out')))
      }),
      { partitions: 4 },
    )
    const headers = [['trace', Buffer.from('t')]] as const
    await driven.pipeAll('in', [
      { key: 'f', value: { n: 1 }, timestamp: 5, headers, partition: 0 },
      { key: 'f', value: 2, timestamp: 3, partition: 0 },
    ])
    const [first, second] = driven.read('out')
    expect(first).to.deep.include({ topic: 'out', key: 'f', value: { n: 1 }, timestamp: 5, headers })
    expect(second).to.deep.include({ key: 'f', value: 2, timestamp: 3, headers: [] })
    // Kafka's own partitioner puts "f" there.
    expect([first?.partition, second?.partition]).to.deep.equal([3, 3])
  })

  it('should write records without key or value, and the deletions of a table', async () => {
    const driven = await driver((input, rows) => {
      input.pipe(sink('out', to('out')))
      rows.pipe(sink('updates', to('updates')))
    })
    await driven.pipe('in', { key: null, value: null, timestamp: 1 })
    await driven.pipe('rows', { key: 'a', value: 1, timestamp: 2 })
    await driven.pipe('rows', { key: 'a', value: null, timestamp: 3 })
    const written = driven.read().map(({ topic, key, value, timestamp }) => [topic, key, value, timestamp])
    expect(written).to.deep.equal([
      ['out', null, null, 1],
      ['updates', 'a', 1, 2],
      ['updates', 'a', null, 3],
    ])
  })

  it('should write one record to each of several', async () => {
    const driven = await driver((input) => {
      input.pipe(sink('one', to('one')))
      input.pipe(sink('two', to('two')))
    })
    await driven.pipe('in', { key: 'a', value: 1, timestamp: 5 })
    expect(driven.read().map(({ topic }) => topic)).to.deep.equal(['one', 'two'])
  })

  it('should refuse what the topic can not hold, and write the next', async () => {
    const driven = await driver((input) => input.pipe(sink('out', to('out'))))
    await driven.pipe('in', { key: 'a', value: 'x'.repeat(900_000), timestamp: 1 })
    await driven.pipe('in', { key: 'a', value: 'small', timestamp: 2 })
    expect(lettersOf(driven)).to.deep.equal(['out: too large for topic out: over 900000 bytes'])
    expect(driven.read('out').map(({ value }) => value)).to.deep.equal(['small'])
  })

  it('should let through what a topic is said to take', async () => {
    const raised = topic<string, unknown>('out', {
      value: json(),
      config: { 'max.message.bytes': '2000000' },
    })
    const driven = await driver((input) => input.pipe(sink('out', raised)))
    await driven.pipe('in', { key: 'a', value: 'x'.repeat(1_500_000), timestamp: 5 })
    expect(driven.read('out')).to.have.length(1)
    await driven.pipe('in', { key: 'a', value: 'x'.repeat(2_000_000), timestamp: 5 })
    expect(lettersOf(driven)).to.deep.equal(['out: too large for topic out: over 2000000 bytes'])
  })

  it('should do with what can not be encoded as its policy says', async () => {
    const value = {
      encode: (said: unknown) => {
        if (said === 'bad') throw new Error('not to be written')
        return Buffer.from(String(said))
      },
      decode: String,
    }
    const target = topic<string, unknown>('out', { value })
    const skipping = await driver((input) => input.pipe(sink('out', target, { onError: 'skip' })))
    await skipping.pipe('in', { key: 'a', value: 'bad', timestamp: 1 })
    expect([skipping.counters.get('out', 'skipped'), lettersOf(skipping)]).to.deep.equal([1, []])
    const failing = await driver((input) => input.pipe(sink('out', target, { onError: 'fail' })))
    const failure = await failing.pipe('in', { key: 'a', value: 'bad', timestamp: 1 }).then(
      () => undefined,
      (error: Error) => error,
    )
    expect(failure?.message).to.match(/step "out"/)
  })

  it('should hand rows to a table, and refuse what is no row', async () => {
    const driven = await driver((input) => input.pipe(sink('people', people)))
    await driven.pipe('in', { key: 'a', value: { name: 'Ann' }, timestamp: 1 })
    await driven.pipe('in', { key: 'a', value: 'Ann', timestamp: 2 })
    await driven.pipe('in', { key: 'a', value: null, timestamp: 3 })
    expect(driven.rows('people')).to.deep.equal([{ name: 'Ann' }, null])
    expect(lettersOf(driven)).to.deep.equal(['people: a row must be an object, got string'])
  })
})
