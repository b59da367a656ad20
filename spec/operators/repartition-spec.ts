import { expect } from 'chai'
import {
  aggregate,
  count,
  enrich,
  filter,
  json,
  keyBy,
  leftJoin,
  map,
  repartition,
  type Serde,
  type Stream,
  sink,
  suppress,
  topic,
  topology,
  toStream,
  tumbling,
  untilWindowCloses,
  type Windowed,
  window,
  windowedKey,
  within,
} from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { subTopologiesOf } from '../../lib/topology/sub-topologies.ts'
import { chain, driven } from '../support/driven.ts'

const byValue = keyBy<string, string | null>('by-value', (value) =>
  value === 'none' ? null : (value ?? 'nothing'),
)
const passing = chain<string | null>((input) => input.pipe(byValue, repartition('values')))

describe('repartition', () => {
  it('should hand on what it gets, but for the partition', async () => {
    const driver = await testDriver(passing)
    const headers = [['h', Buffer.from('kept')]] as const
    await driver.pipe('in', { key: 'a', value: 'x', timestamp: 7, headers })
    await driver.pipe('in', { key: 'b', value: null, timestamp: 6 })
    expect(driver.read('out')).to.deep.equal([
      { topic: 'out', partition: 0, key: 'x', value: 'x', timestamp: 7, headers },
      { topic: 'out', partition: 0, key: 'nothing', value: null, timestamp: 6, headers: [] },
    ])
    await driver.close()
  })

  it('should bring all records of a key to one partition, and leave their order', async () => {
    const driver = await testDriver(passing, { partitions: 5 })
    for (let i = 0; i < 60; i++) {
      await driver.pipe('in', { key: `u${i}`, value: `v${i % 6}`, timestamp: i, partition: i % 5 })
    }
    const places = Map.groupBy(driver.read('out'), ({ key }) => key)
    expect(places.size).to.equal(6)
    for (const records of places.values()) {
      expect(new Set(records.map(({ partition }) => partition)).size).to.equal(1)
      const times = records.map(({ timestamp }) => timestamp)
      expect(times)
        .to.deep.equal(times.toSorted((a, b) => a - b))
        .and.have.length(10)
    }
    await driver.close()
  })

  it('should drop records without a key, and count them', async () => {
    const { out, counters } = await driven(passing, [
      ['a', 'none', 1],
      ['b', 'x', 2],
    ])
    expect(out).to.deep.equal([['x', 'x', 2]])
    expect(counters.get('values-repartition', 'null-key')).to.equal(1)
  })

  it('should write keys and values as is said, and refuse those that do not fit', async () => {
    const written: unknown[] = []
    const picky: Serde<string> = {
      encode: (value) => {
        if (value === 'bad') throw new RangeError('does not fit')
        written.push(value)
        return Buffer.from(value)
      },
      decode: (bytes) => `read ${bytes}`,
    }
    const said = chain<string>((input) => input.pipe(repartition('picky', { value: picky })))
    const { out, letters } = await driven(said, [
      ['a', 'good', 1],
      ['a', 'bad', 2],
    ])
    expect(written).to.deep.equal(['good'])
    expect(out).to.deep.equal([['a', 'read good', 1]])
    expect(letters).to.deep.equal(['picky-repartition: RangeError: does not fit'])
  })

  it('should be the one repartition topic before a step that needs its keys together', () => {
    const said = chain<string>((input) =>
      input.pipe(byValue, repartition('values'), map('same', String), count('counts')),
    )
    expect(subTopologiesOf(said).map(({ inputs }) => inputs.map(({ name }) => name))).to.deep.equal([
      ['input'],
      ['values-repartition'],
    ])
  })

  it('should come after all that is done directly with the same record', async () => {
    const said = topology('spec', ({ source }) => {
      const input = source('input', topic('in', { value: json<string>() }))
      const out = topic('out', { value: json<string>() })
      input.pipe(
        repartition('around'),
        map('late', (value) => `${value}, around`),
        sink('late-out', out),
      )
      input.pipe(sink('direct-out', out))
    })
    expect((await driven(said, [['a', 'x', 1]])).out.map(([, value]) => value)).to.deep.equal([
      'x',
      'x, around',
    ])
  })

  it('should show a record behind it, a dead letter for one, without what tells its readers the time', async () => {
    const fails = (): number => {
      throw new RangeError('unlucky')
    }
    const driver = await testDriver(
      chain<string>((input) =>
        input.pipe(
          byValue,
          aggregate('all', () => 0, fails),
        ),
      ),
    )
    const headers = [['h', Buffer.from('kept')]] as const
    await driver.pipe('in', { key: 'a', value: 'x', timestamp: 7, headers })
    const [letter] = driver.deadLetters
    const names = letter!.record.headers.map(([name]) => name)
    expect(names.filter((name) => !name.startsWith('millrace.dlq.'))).to.deep.equal(['h'])
    await driver.close()
  })

  it('should say how far the task is by what has come out of a step that waits', async () => {
    const said = topology('spec', ({ source }) => {
      source('input', topic('in', { value: json<number>() })).pipe(
        enrich('asked', async (value) => value),
        keyBy('by-value', (value) => `v${value % 5}`),
        window('tens', tumbling(10)),
        count('counts'),
      )
    })
    const inputs = Array.from({ length: 200 }, (_, i) => ({
      key: `u${i % 40}`,
      value: i,
      timestamp: Math.floor(i / 2),
    }))
    for (let seed = 1; seed <= 10; seed++) {
      const driver = await testDriver(said, { partitions: 4, batch: 50, seed })
      await driver.pipeAll('in', inputs)
      expect(driver.counters.get('counts', 'late'), `seed ${seed}`).to.equal(0)
      await driver.close()
    }
  })

  describe('behind steps that hold records back', () => {
    const visits = Array.from({ length: 400 }, (_, i) => ({
      key: `u${i % 40}`,
      value: i,
      timestamp: Math.floor(i / 2),
    }))
    const windows = (emit: 'close' | 'updates') => (input: Stream<string, number>) =>
      input.pipe(window('fives', tumbling(5), { emit }), count('counts'))
    const held: Record<string, (input: Stream<string, number>) => Stream<unknown, number | null>> = {
      'windows that close': (input) => windows('close')(input).pipe(toStream('closed')),
      'suppressed windows': (input) =>
        windows('updates')(input).pipe(suppress('held', untilWindowCloses()), toStream('closed')),
      'a left join': (input) =>
        input.pipe(leftJoin('alone', input.pipe(filter('none', () => false)), within(7), (left) => left)),
    }
    for (const [name, holding] of Object.entries(held)) {
      const said = (passes: (partition: number) => boolean) =>
        topology('spec', ({ source }) => {
          holding(source('input', topic('in', { value: json<number>() }))).pipe(
            filter('passing', (_, { partition }) => passes(partition)),
            keyBy('by-value', (value) => `v${(value ?? 0) % 5}`),
            window('tens', tumbling(10), { emit: 'close' }),
            count('again'),
            toStream('shown'),
            sink('out', topic('out', { key: windowedKey(), value: json<number | null>() })),
          )
        })

      it(`should make nothing late in a catch-up that comes from another task: ${name}`, async () => {
        for (let seed = 1; seed <= 6; seed++) {
          const driver = await testDriver(
            said(() => true),
            { partitions: 4, batch: 50, seed },
          )
          await driver.pipeAll('in', visits)
          expect(driver.counters.get('again', 'late'), `seed ${seed}`).to.equal(0)
          await driver.close()
        }
      })

      it(`should not wait for a task of which nothing comes: ${name}`, async () => {
        const driver = await testDriver(
          said((partition) => partition === 0),
          { partitions: 4 },
        )
        // What the other tasks are told between two micro-batches counts with the next record.
        await driver.pipeAll('in', visits.slice(0, 360))
        await driver.pipeAll('in', visits.slice(360))
        const starts = driver.read('out').map(({ key }) => (key as Windowed<string>).start)
        expect(Math.max(...starts)).to.be.greaterThan(100)
        await driver.close()
      })
    }
  })
})
