import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  type Forward,
  json,
  keyBy,
  keyValueStore,
  map,
  type Processor,
  process,
  type Rows,
  sessionStore,
  sink,
  suppress,
  tableMap,
  topic,
  topology,
  untilTimeLimit,
  versionedStore,
  windowStore,
} from '../../lib/index.ts'
import { type TestDriver, testDriver } from '../../lib/testing/index.ts'
import { subTopologiesOf } from '../../lib/topology/sub-topologies.ts'
import { rejectionOf } from '../contract/failure-of.ts'
import { chain, driven, lettersOf, shortened } from '../support/driven.ts'

type ToNumber = Forward<number>

/** Adds up by key, and throws on 13 after it has stored and forwarded. */
const adding = (onError?: 'skip' | 'fail') =>
  chain<number | null>((input) =>
    input.pipe(
      process(
        'add',
        { stores: { sums: keyValueStore<number>('sums') }, onError },
        ({ stores }, forward: ToNumber) => {
          return (value, { key }) => {
            if (value === null) return stores.sums.delete(key)
            const sum = (stores.sums.get(key) ?? 0) + value
            stores.sums.put(key, sum)
            forward({ value: sum })
            if (value === 13) throw new RangeError('unlucky')
          }
        },
      ),
    ),
  )

const failureOf = async (failing: Promise<unknown>) => (await rejectionOf(failing)).message

describe('process', () => {
  const drivers: TestDriver[] = []
  afterEach(async () => {
    for (const driver of drivers.splice(0)) await driver.close()
  })
  const start = async (...said: Parameters<typeof testDriver>) => {
    const driver = await testDriver(...said)
    drivers.push(driver)
    return driver
  }

  it('should write nothing for nothing', async () => {
    expect((await driven(adding(), [])).out).to.deep.equal([])
  })

  it('should keep what it stores, by key, until it is deleted', async () => {
    const { out } = await driven(adding(), [
      ['a', 1, 10],
      ['b', 5, 11],
      ['a', 2, 12],
      ['a', null, 13],
      ['a', 4, 14],
    ])
    expect(out).to.deep.equal([
      ['a', 1, 10],
      ['b', 5, 11],
      ['a', 3, 12],
      ['a', 4, 14],
    ])
  })

  it('should refuse a record on which it throws, with what was stored and forwarded before left so', async () => {
    const inputs = [
      ['a', 1, 1],
      ['a', 13, 2],
      ['a', 1, 3],
    ] as const
    const { out, letters } = await driven(adding(), inputs)
    expect(out.map(([, sum]) => sum)).to.deep.equal([1, 14, 15])
    expect(letters).to.deep.equal(['add: RangeError: unlucky'])
    expect((await driven(adding('skip'), inputs)).counters.get('add', 'skipped')).to.equal(1)
    expect(await failureOf(driven(adding('fail'), inputs))).to.match(
      /step "add" can't go on at in\/0\/1: unlucky/,
    )
  })

  it('should not take for its own what a step behind it throws', async () => {
    const said = chain<number>((input) =>
      input.pipe(
        process('pass', { onError: 'skip' }, (_, forward) => (value) => forward({ value })),
        map(
          'fragile',
          () => {
            throw new Error('broken')
          },
          { onError: 'fail' },
        ),
      ),
    )
    expect(await failureOf(driven(said, [['a', 1, 1]]))).to.match(/step "fragile" can't go on/)
  })

  it('should leave as it is in the record in hand what a forwarded one leaves out', async () => {
    const said = chain<number>((input) =>
      input.pipe(
        process('many', {}, (_, forward: ToNumber) => (value) => {
          forward({})
          forward({ key: 'other', value: value + 1 })
          forward({ key: null, timestamp: 99 })
          forward({ headers: [['h', Buffer.from('new')]] })
        }),
      ),
    )
    const driver = await start(said)
    await driver.pipe('in', { key: 'a', value: 1, timestamp: 7, headers: [['h', Buffer.from('old')]] })
    const out = driver.read('out').map(({ key, value, timestamp, headers }) => {
      return [key, value, timestamp, ...headers.map(([, header]) => String(header))]
    })
    expect(out).to.deep.equal([
      ['a', 1, 7, 'old'],
      ['other', 2, 7, 'old'],
      [null, 1, 99, 'old'],
      ['a', 1, 7, 'new'],
    ])
  })

  it('should refuse a record for which it forwards a time that is none', async () => {
    const said = chain<number>((input) =>
      input.pipe(process('time', {}, (_, forward) => (timestamp) => forward({ timestamp }))),
    )
    const times = [-1, 1.5, Number.NaN, 0].map((time) => ['a', time, 7] as const)
    const { out, letters } = await driven(said, times)
    expect(out).to.deep.equal([['a', 0, 0]])
    expect(letters[0]).to.equal('time: step "time" forwards a timestamp that is negative or no whole number')
    expect(letters).to.have.length(3)
  })

  it('should refuse to forward where there is no record: in its setup, and after an await', async () => {
    const early = chain<number>((input) =>
      input.pipe(
        process('early', {}, (_, forward) => {
          forward({ value: 1 })
          return () => {}
        }),
      ),
    )
    expect(await failureOf(testDriver(early))).to.match(/step "early" forwards without a record in hand/)
    const failures: unknown[] = []
    const late = chain<number>((input) =>
      input.pipe(
        process('late', {}, (_, forward) => async (value) => {
          await Promise.resolve()
          try {
            forward({ value })
          } catch (error) {
            failures.push(error)
          }
        }),
      ),
    )
    expect((await driven(late, [['a', 1, 1]])).out).to.deep.equal([])
    expect(String(failures)).to.match(/step "late" forwards without a record in hand/)
  })

  it('should open stores of values by time', async () => {
    const stores = { seen: windowStore<string>('seen', { retention: 100, size: 5 }) }
    let opened: Processor<typeof stores>['stores'] | undefined
    const said = chain<string>((input) =>
      input.pipe(
        process('remember', { stores }, ({ stores: { seen } }) => {
          opened = { seen }
          return (value, { key, timestamp }) => seen.put(key, value, timestamp)
        }),
      ),
    )
    const driver = await start(said)
    for (const timestamp of [10, 20, 30])
      await driver.pipe('in', { key: 'a', value: `v${timestamp}`, timestamp })
    await driver.pipe('in', { key: 'b', value: 'other', timestamp: 20 })
    const { seen } = opened!
    expect(seen.get('a', 20)).to.equal('v20')
    expect(seen.get('a', 21)).to.equal(undefined)
    expect([...seen.fetch('a', 10, 20)]).to.deep.equal([
      { time: 10, value: 'v10' },
      { time: 20, value: 'v20' },
    ])
    expect([...seen.fetchBackward('a', 15, 99)].map(({ time }) => time)).to.deep.equal([30, 20])
    expect([...seen.fetchAll(20, 20)]).to.deep.equal([
      { key: { key: 'a', start: 20, end: 25 }, value: 'v20' },
      { key: { key: 'b', start: 20, end: 25 }, value: 'other' },
    ])
    expect([...seen.all()]).to.have.length(4)
  })

  it('should open stores of values by session', async () => {
    const stores = { visits: sessionStore<number>('visits', { retention: '1h' }) }
    let opened: Processor<typeof stores>['stores'] | undefined
    const said = chain<number>((input) =>
      input.pipe(
        process('visits', { stores }, ({ stores: { visits } }) => {
          opened = { visits }
          return (length, { key, timestamp }) =>
            visits.put({ key, start: timestamp, end: timestamp + length }, length)
        }),
      ),
    )
    const driver = await start(said)
    for (const time of [10, 30, 50]) await driver.pipe('in', { key: 'a', value: 5, timestamp: time })
    await driver.pipe('in', { key: 'b', value: 1, timestamp: 20 })
    const { visits } = opened!
    const session = (start: number) => ({ key: { key: 'a', start, end: start + 5 }, value: 5 })
    expect(visits.get({ key: 'a', start: 30, end: 35 })).to.equal(5)
    expect([...visits.fetch('a')]).to.deep.equal([10, 30, 50].map(session))
    expect([...visits.find('a', 20, 30)]).to.deep.equal([session(30)])
    visits.remove({ key: 'a', start: 30, end: 35 })
    visits.put({ key: 'a', start: 50, end: 55 }, null)
    expect([...visits.all()].map(({ key }) => [key.key, key.start])).to.deep.equal([
      ['a', 10],
      ['b', 20],
    ])
  })

  it('should open stores of values as they were', async () => {
    const stores = { prices: versionedStore<number>('prices', { history: 100 }) }
    let opened: Processor<typeof stores>['stores'] | undefined
    const said = chain<number>((input) =>
      input.pipe(
        process('prices', { stores }, ({ stores: { prices } }, forward: Forward<string>) => {
          opened = { prices }
          return (price, { key, timestamp }) => forward({ value: prices.put(key, price, timestamp) })
        }),
      ),
    )
    const driver = await start(said)
    for (const time of [200, 300, 250, 150])
      await driver.pipe('in', { key: 'a', value: time, timestamp: time })
    expect(shortened(driver).map(([, put]) => put)).to.deep.equal([
      'latest',
      'latest',
      'out-of-order',
      'expired',
    ])
    const { prices } = opened!
    expect(prices.get('a')).to.deep.equal({ value: 300, timestamp: 300 })
    expect(prices.asOf('a', 299)).to.deep.equal({ value: 250, timestamp: 250 })
    expect(prices.asOf('b', 299)).to.equal(undefined)
    expect([...prices.all()]).to.deep.equal([{ key: 'a', value: 300, timestamp: 300 }])
  })

  it('should show ranges of a store in the order of key bytes', async () => {
    let found: unknown[] = []
    const said = chain<number>((input) =>
      input.pipe(
        process('range', { stores: { last: keyValueStore<number>('last') } }, ({ stores: { last } }) => {
          return (value, { key }) => {
            last.put(key, value)
            found = [...last.range('b', 'c')]
          }
        }),
      ),
    )
    await driven(said, [
      ['c', 3, 1],
      ['é', 5, 1],
      ['a', 1, 1],
      ['b', 2, 1],
    ])
    expect(found).to.deep.equal([
      { key: 'b', value: 2 },
      { key: 'c', value: 3 },
    ])
  })

  describe('schedules', () => {
    const ticking = (clock: 'stream-time' | 'wall-clock', calls = Number.POSITIVE_INFINITY) =>
      chain<number>((input) =>
        input.pipe(
          process('tick', {}, ({ schedule, streamTime, wallClock }, forward: Forward<unknown>) => {
            let done = 0
            schedule(clock, '10ms', (time, cancel) => {
              forward({ value: { time, stream: streamTime(), wall: wallClock() } })
              if (++done === calls) cancel()
            })
            return () => {}
          }),
        ),
      )

    it('should call by stream time after the first record, then once per record that reaches a multiple', async () => {
      const times = [3, 9, 10, 11, 57, 59, 60, 5]
      const { out } = await driven(
        ticking('stream-time'),
        times.map((time) => ['a', 1, time]),
      )
      expect(out).to.deep.equal([3, 10, 57, 60].map((time) => [null, { time, stream: time, wall: 0 }, time]))
    })

    it('should call by the wall clock after each interval from its start, once however many have gone by', async () => {
      const driver = await start(ticking('wall-clock'), { wallClock: 1_000_005 })
      await driver.pipe('in', { key: 'a', value: 1, timestamp: 7 })
      for (const step of [9, 1, 5, 37, 3, 0, 5]) await driver.advanceWallClock(step)
      const calls = [10, 52, 60].map((past) => 1_000_005 + past)
      expect(shortened(driver)).to.deep.equal(
        calls.map((time) => [null, { time, stream: 7, wall: time }, time]),
      )
    })

    it('should stop when cancelled', async () => {
      const { out } = await driven(
        ticking('stream-time', 2),
        [1, 11, 21, 31].map((time) => ['a', 1, time]),
      )
      expect(out.map(([, , time]) => time)).to.deep.equal([1, 11])
    })

    it('should refuse an interval below a millisecond', async () => {
      const said = chain<number>((input) =>
        input.pipe(
          process('busy', {}, ({ schedule }) => {
            schedule('stream-time', 0, () => {})
            return () => {}
          }),
        ),
      )
      expect(await failureOf(testDriver(said))).to.match(/step "busy" schedules a call every 0 ms/)
    })

    it('should stop the task where a call fails, or count it under the policy skip', async () => {
      const failing = (onError: 'skip' | 'dead-letter') =>
        chain<number>((input) =>
          input.pipe(
            process('fail', { onError }, ({ schedule }, forward) => {
              schedule('stream-time', 10, () => {
                throw new RangeError('unlucky')
              })
              schedule('stream-time', 10, () => forward({ key: 'a' }))
              return () => {}
            }),
          ),
        )
      const record = [['a', 1, 1]] as const
      expect(await failureOf(driven(failing('dead-letter'), record))).to.match(
        /step "fail" can't go on: its scheduled call failed: unlucky/,
      )
      const { out, letters, counters } = await driven(failing('skip'), record)
      expect({ out, letters }).to.deep.equal({ out: [], letters: [] })
      expect(counters.get('fail', 'skipped')).to.equal(2)
    })
  })

  describe('keys', () => {
    const passing = { stores: { last: keyValueStore<number>('last') } }
    const repartitions = (said: Parameters<typeof subTopologiesOf>[0]) => subTopologiesOf(said).length - 1

    it('should come through a repartition topic behind a changed key, if there are stores', () => {
      const changed = keyBy<string, number>('changed', String)
      const store = process<string, number>('store', passing, () => () => {})
      const bare = process<string, number>('bare', {}, () => () => {})
      expect(repartitions(chain<number>((input) => input.pipe(changed, store)))).to.equal(1)
      expect(repartitions(chain<number>((input) => input.pipe(changed, bare)))).to.equal(0)
      expect(repartitions(chain<number>((input) => input.pipe(store)))).to.equal(0)
    })

    it('should count as changed behind it, unless it promises to keep them', () => {
      const next = process<string, number>('next', passing, () => () => {})
      const free = process<string, number>('free', {}, () => () => {})
      const kept = process<string, number>('kept', { keys: 'kept' }, () => () => {})
      expect(repartitions(chain<number>((input) => input.pipe(free, next)))).to.equal(1)
      expect(repartitions(chain<number>((input) => input.pipe(kept, next)))).to.equal(0)
      expect(repartitions(chain<number>((input) => input.pipe(free, kept, next)))).to.equal(1)
    })

    it('should be written as said where they are given', async () => {
      const said = topology('spec', ({ source }) => {
        source('input', topic('in', { value: json<number>() })).pipe(
          process(
            'by-number',
            { key: json<number>() },
            (_, forward: Forward<number, number>) => (n) => forward({ key: n }),
          ),
          process(
            'count',
            { stores: { seen: keyValueStore<number, number>('seen', { key: json() }) } },
            ({ stores: { seen } }, forward: Forward<number, number>) =>
              (_, { key }) => {
                const count = (seen.get(key) ?? 0) + 1
                seen.put(key, count)
                forward({ value: count })
              },
          ),
          sink('out', topic('out', { key: json<number>(), value: json<number>() })),
        )
      })
      const { out } = await driven(said, [
        ['a', 7, 1],
        ['b', 8, 2],
        ['c', 7, 3],
      ])
      expect(out).to.deep.equal([
        [7, 1, 1],
        [8, 1, 2],
        [7, 2, 3],
      ])
    })
  })

  describe('tables', () => {
    const reading = (options = {}) =>
      topology('spec', ({ source, table }) => {
        const prices = table('prices', topic('prices', { value: json<number>() }), options)
        source('input', topic('in', { value: json<'get' | 'all'>() })).pipe(
          process('ask', { tables: { prices } }, ({ tables }, forward: Forward<unknown>) => {
            const rows: Rows<string, number> = tables.prices
            return (ask, { key }) =>
              forward({ value: ask === 'get' ? (rows.get(key) ?? null) : [...rows.all()] })
          }),
          sink('out', topic('out', { value: json() })),
        )
      })

    it('should show the rows of its tables with their timestamps', async () => {
      const driver = await start(reading())
      await driver.pipe('in', { key: 'a', value: 'get', timestamp: 1 })
      await driver.pipe('prices', { key: 'a', value: 5, timestamp: 9 })
      await driver.pipe('prices', { key: 'b', value: 6, timestamp: 3 })
      await driver.pipe('in', { key: 'a', value: 'get', timestamp: 2 })
      await driver.pipe('in', { key: 'a', value: 'all', timestamp: 3 })
      expect(shortened(driver)).to.deep.equal([
        ['a', null, 1],
        ['a', { value: 5, timestamp: 9 }, 2],
        [
          'a',
          [
            { key: 'a', value: 5, timestamp: 9 },
            { key: 'b', value: 6, timestamp: 3 },
          ],
          3,
        ],
      ])
    })

    it('should show the rows of a table with a history as they were at any time', async () => {
      const said = topology('spec', ({ source, table }) => {
        const prices = table('prices', topic('prices', { value: json<number>() }), { history: 100 })
        source('input', topic('in', { value: json<number>() })).pipe(
          process('ask', { tables: { prices } }, ({ tables: { prices } }, forward: Forward<unknown>) => {
            return (time, { key }) =>
              forward({ value: [prices.get(key), prices.asOf(key, time), ...prices.all()] })
          }),
          sink('out', topic('out', { value: json() })),
        )
      })
      const driver = await start(said)
      for (const time of [10, 20]) await driver.pipe('prices', { key: 'a', value: time, timestamp: time })
      await driver.pipe('in', { key: 'a', value: 15, timestamp: 1 })
      const [at10, at20] = [10, 20].map((time) => ({ value: time, timestamp: time }))
      expect(shortened(driver)).to.deep.equal([['a', [at20, at10, { key: 'a', ...at20 }], 1]])
    })

    it('should refuse to know of one without a history how its rows were', async () => {
      const said = topology('spec', ({ source, table }) => {
        const prices = table('prices', topic('prices', { value: json<number>() }))
        source('input', topic('in', { value: json<number>() })).pipe(
          process('ask', { tables: { prices } }, ({ tables: { prices } }, forward: Forward<unknown>) => {
            return (time, { key }) => forward({ value: prices.asOf(key, time) })
          }),
          sink('out', topic('out', { value: json() })),
        )
      })
      expect(await failureOf(driven(said, [['a', 1, 1]]))).to.match(
        /the rows of table "prices" are known as they are now only: give it a \{ history \}/,
      )
    })

    it('should show rows that a table computes or holds back one by one, and not all of them', async () => {
      const steps = {
        held: suppress<string, number>('held', untilTimeLimit(100)),
        doubled: tableMap<string, number, number>('doubled', (price) => price * 2),
      }
      for (const [name, step] of Object.entries(steps)) {
        const said = topology('spec', ({ source, table }) => {
          const prices = table('prices', topic('prices', { value: json<number>() })).pipe(step)
          source('input', topic('in', { value: json<'get' | 'all'>() })).pipe(
            process('ask', { tables: { prices } }, ({ tables: { prices } }, forward: Forward<unknown>) => {
              return (ask, { key }) =>
                forward({ value: ask === 'get' ? (prices.get(key) ?? null) : [...prices.all()] })
            }),
            sink('out', topic('out', { value: json() })),
          )
        })
        const driver = await start(said)
        await driver.pipe('prices', { key: 'a', value: 5, timestamp: 9 })
        await driver.pipe('in', { key: 'a', value: 'get', timestamp: 1 })
        expect(shortened(driver)).to.deep.equal([
          ['a', name === 'held' ? null : { value: 10, timestamp: 9 }, 1],
        ])
        expect(await failureOf(driver.pipe('in', { key: 'a', value: 'all', timestamp: 2 }))).to.match(
          /the rows of table "\w+" can be asked for one by one only/,
        )
      }
    })

    it('should refuse a table that keeps no rows', () => {
      expect(() => reading({ materialize: false })).to.throw(/needs the rows of "prices", which are not kept/)
    })
  })

  it('should have its state again after a crash', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-process-'))
    try {
      const driver = await start(adding(), { stores: { dir } })
      await driver.pipe('in', { key: 'a', value: 1, timestamp: 1 })
      await driver.crash()
      await driver.pipe('in', { key: 'a', value: 2, timestamp: 2 })
      expect(shortened(driver).map(([, sum]) => sum)).to.deep.equal([1, 3])
      expect(lettersOf(driver)).to.deep.equal([])
    } finally {
      for (const driver of drivers.splice(0)) await driver.close()
      rmSync(dir, { recursive: true })
    }
  })
})
