import { expect } from 'chai'
import {
  aggregate,
  count,
  hopping,
  joinTable,
  json,
  leftJoinTable,
  map,
  reduce,
  type SuppressTimeLimits,
  session,
  sink,
  sliding,
  stringKey,
  suppress,
  topic,
  topology,
  toStream,
  tumbling,
  untilTimeLimit,
  untilWindowCloses,
  window,
  windowedKey,
} from '../../lib/index.ts'
import { type TestDriver, type TestDriverOptions, testDriver } from '../../lib/testing/index.ts'
import type { Windows } from '../../lib/windows/windows.ts'
import { failureOf, rejectionOf } from '../contract/failure-of.ts'
import { stateFolders } from '../state/state-folder.ts'
import { driven, type Short, shortened } from '../support/driven.ts'
import { drivenWindows, shownSince, windowed } from '../support/driven-windows.ts'

const folder = stateFolders()

/** Rows of topic `in`, shown after a while. */
const limited = (limit: number, limits?: SuppressTimeLimits) =>
  topology('spec', ({ table }) => {
    table('rows', topic('in', { value: stringKey }), { value: stringKey }).pipe(
      suppress('held', untilTimeLimit(limit, limits)),
      sink('out', topic('out', { value: stringKey })),
    )
  })

async function shown(
  said: ReturnType<typeof limited>,
  inputs: readonly Short[],
  options?: TestDriverOptions,
) {
  const { out } = await driven(said, inputs, options)
  return out.map(([key, value, timestamp]) => `${key}=${value}@${timestamp}`)
}

const counted = (windows: Windows) =>
  windowed<string>((input) =>
    input.pipe(
      window('windows', windows, { retention: 100_000 }),
      count('counts'),
      suppress('final', untilWindowCloses()),
    ),
  )

const at = (...times: readonly number[]): Short[] => times.map((time) => ['a', 'x', time])

describe('suppress until a time limit', () => {
  it('should hold back nothing of nothing', async () => {
    expect(await shown(limited(30), [])).to.deep.equal([])
  })

  it('should show the last update of a key, once the limit has passed since the first', async () => {
    const inputs: Short[] = [
      ['a', '1', 10],
      ['a', '2', 20],
      ['b', '3', 39],
    ]
    expect(await shown(limited(30), inputs)).to.deep.equal([])
    expect(await shown(limited(30), [...inputs, ['b', '4', 40]])).to.deep.equal(['a=2@20'])
  })

  it('should show each update at once where the limit is 0', async () => {
    const inputs: Short[] = [
      ['a', '1', 10],
      ['a', '2', 10],
      ['b', '3', 5],
    ]
    expect(await shown(limited(0), inputs)).to.deep.equal(['a=1@10', 'a=2@10', 'b=3@5'])
  })

  it('should go by the largest time of the updates, and hold one that is older than the limit no longer', async () => {
    expect(
      await shown(limited(30), [
        ['a', '1', 100],
        ['b', '2', 70],
        ['b', '3', 71],
      ]),
    ).to.deep.equal(['b=2@70'])
  })

  it('should show deletions, also of rows that nobody has seen', async () => {
    expect(
      await shown(limited(30), [
        ['a', '1', 10],
        ['a', null, 20],
        ['b', null, 40],
      ]),
    ).to.deep.equal(['a=null@20'])
  })

  it('should show an update with its own headers', async () => {
    const driver = await testDriver(limited(30))
    for (const [key, timestamp] of [
      ['a', 10],
      ['a', 20],
      ['b', 40],
    ] as const) {
      const headers = [['h', Buffer.from(String(timestamp))]] as const
      await driver.pipe('in', { key, value: 'x', timestamp, headers })
    }
    expect(driver.read('out').map(({ headers }) => String(headers[0]?.[1]))).to.deep.equal(['20'])
    await driver.close()
  })

  it('should order by the time of the first update, then by key bytes', async () => {
    const inputs: Short[] = ['é', 'b', 'ab', 'a'].map((key) => [key, 'x', 10])
    expect(await shown(limited(30), [...inputs, ['z', 'x', 5], ['y', 'x', 1000]])).to.deep.equal([
      'z=x@5',
      'a=x@10',
      'ab=x@10',
      'b=x@10',
      'é=x@10',
    ])
  })

  it('should give up the earliest when too many keys wait: of one time the smallest key, be it the last to come', async () => {
    const early = limited(1000, { maxRecords: 2, whenFull: 'emit-early' })
    expect(
      await shown(early, [
        ['c', '1', 10],
        ['b', '2', 10],
        ['b', '3', 20],
        ['a', '4', 10],
        ['d', '5', 5],
        ['e', '6', 30],
      ]),
    ).to.deep.equal(['a=4@10', 'd=5@5', 'b=3@20'])
  })

  it('should give up as many as it takes when there are too many bytes', async () => {
    // Each waits with 31 bytes (of which 1 is its key), and its row.
    const early = limited(1000, { maxBytes: 96, whenFull: 'emit-early' })
    const inputs: Short[] = [
      ['a', '1', 10],
      ['b', '2', 11],
      ['c', '3', 12],
    ]
    expect(await shown(early, inputs)).to.deep.equal([])
    expect(await shown(early, [...inputs, ['c', '4567', 13]])).to.deep.equal(['a=1@10'])
    expect(await shown(early, [...inputs, ['c', 'x'.repeat(62), 13]])).to.deep.equal(['a=1@10', 'b=2@11'])
    expect(await shown(early, [...inputs, ['c', 'x'.repeat(65), 13]])).to.have.length(3)
  })

  it('should stop the worker when too much waits and none may be shown early', async () => {
    const inputs: Short[] = [
      ['a', '1', 10],
      ['a', '2', 20],
      ['b', '3', 30],
    ]
    const records = await rejectionOf(shown(limited(1000, { maxRecords: 1, whenFull: 'fail' }), inputs))
    expect(records.code).to.equal('CONFIG')
    expect(records.at.step).to.equal('held')
    expect(records.message).to.equal(
      `step "held" would have to hold back 2 keys, more than maxRecords: 1 allows: raise the limit, or say { whenFull: 'emit-early' }`,
    )
    const bytes = await rejectionOf(shown(limited(1000, { maxBytes: 33, whenFull: 'fail' }), inputs))
    expect(bytes.message).to.match(/hold back 65 bytes, more than maxBytes: 33 allows/)
  })

  it('should not stop the worker for what is due', async () => {
    const said = limited(10, { maxRecords: 1, whenFull: 'fail' })
    expect(
      await shown(said, [
        ['a', '1', 10],
        ['b', '2', 20],
      ]),
    ).to.deep.equal(['a=1@10'])
  })

  it('should go on after a crash with what waited, its time and its order', async () => {
    const driver = await testDriver(limited(30, { maxRecords: 3, whenFull: 'emit-early' }), {
      stores: { dir: folder() },
    })
    const pipe = async (...inputs: readonly Short[]) => {
      for (const [key, value, timestamp] of inputs) {
        await driver.pipe('in', { key, value, timestamp, headers: [['h', Buffer.from(String(value))]] })
      }
    }
    await pipe(['b', '1', 50], ['a', '2', 50], ['a', '3', 60])
    await driver.crash()
    // Had time been forgotten, this would wait.
    await pipe(['c', '4', 30])
    expect(shortened(driver)).to.deep.equal([['c', '4', 30]])
    await pipe(['c', '5', 51], ['d', '6', 52])
    expect(shortened(driver)).to.deep.equal([['a', '3', 60]])
    await driver.crash()
    await pipe(['e', '7', 82])
    const read = driver.read('out')
    expect(
      read.map(({ key, timestamp, headers }) => [key, timestamp, String(headers[0]?.[1])]),
    ).to.deep.equal([
      ['b', 50, '1'],
      ['c', 51, '5'],
      ['d', 52, '6'],
    ])
    await driver.close()
  })

  it('should give the same in one micro-batch, or many', async () => {
    const said = limited(30, { maxRecords: 2, whenFull: 'emit-early' })
    const inputs: Short[] = Array.from({ length: 40 }, (_, i) => [
      'abcde'[(i * 7) % 5],
      String(i),
      (i * 13) % 90,
    ])
    const one = await shown(said, inputs)
    expect(one.length).to.be.greaterThan(10)
    const driver = await testDriver(said, { batch: 7 })
    await driver.pipeAll(
      'in',
      inputs.map(([key, value, timestamp]) => ({ key, value, timestamp })),
    )
    expect(shortened(driver).map(([key, value, timestamp]) => `${key}=${value}@${timestamp}`)).to.deep.equal(
      one,
    )
    await driver.close()
  })

  it('should refuse what is no limit', () => {
    expect(failureOf(() => untilTimeLimit('soon')).message).to.match(/"soon" is no duration/)
    expect(failureOf(() => untilTimeLimit(1, { maxRecords: -1, whenFull: 'fail' })).message).to.equal(
      'maxRecords of a suppress must be at least 0, not -1',
    )
    expect(failureOf(() => untilWindowCloses({ maxBytes: Number.NaN })).message).to.match(/maxBytes .* NaN/)
  })

  it('should refuse a versioned table', () => {
    const said = () =>
      topology('spec', ({ table }) => {
        table('rows', topic('in', { value: stringKey }), { history: '1h' }).pipe(
          suppress('held', untilTimeLimit(1)),
          sink('out', topic('out', { value: stringKey })),
        )
      })
    expect(failureOf(said).message).to.match(/step "held" can't hold back updates of a versioned table/)
  })
})

describe('suppress until windows close', () => {
  it('should show each window once, when its grace is over, as it was updated last', async () => {
    expect((await drivenWindows(counted(tumbling(10, { grace: 5 })), at(3, 12, 7, 14))).shown).to.deep.equal(
      [],
    )
    expect(
      (await drivenWindows(counted(tumbling(10, { grace: 5 })), at(3, 12, 7, 14, 15))).shown,
    ).to.deep.equal(['a@0-10 = 2 at 7'])
  })

  it('should show windows that close together by end, then key', async () => {
    const { shown: all } = await drivenWindows(counted(hopping(10, 5)), [
      ['b', 'x', 7],
      ['a', 'x', 7],
      ['a', 'x', 2],
      ['c', 'x', 50],
    ])
    expect(all).to.deep.equal(['a@0-10 = 2 at 7', 'b@0-10 = 1 at 7', 'a@5-15 = 1 at 7', 'b@5-15 = 1 at 7'])
  })

  for (const [kind, windows, closing] of [
    ['sessions', session(5, { grace: 2 }), 17],
    ['sliding windows', sliding(5, { grace: 2 }), 12],
  ] as const) {
    it(`should show ${kind} again that take a record in the millisecond in which they close`, async () => {
      const inputs: Short[] = [...at(10), ['b', 'x', closing]]
      const own = async (said: readonly Short[]) =>
        (await drivenWindows(counted(windows), said)).shown.filter((update) => update.startsWith('a'))
      expect(await own(inputs)).to.have.length(1)
      const twice = await own([...inputs, ...at(10)])
      expect(twice.map((update) => update.split(' = ')[1])).to.deep.equal(['1 at 10', '2 at 10'])
      expect(await own([...inputs, ['b', 'x', closing + 1], ...at(10)])).to.have.length(1)
    })
  }

  it('should not show windows that have been deleted', async () => {
    const said = windowed<string>((input) =>
      input.pipe(
        window('windows', tumbling(10)),
        aggregate(
          'all',
          () => '',
          (all, value) => (value === '!' ? null : all + value),
        ),
        suppress('final', untilWindowCloses()),
      ),
    )
    const inputs: Short[] = [
      ['a', 'x', 1],
      ['b', 'x', 1],
      ['a', '!', 2],
      ['c', 'x', 10],
    ]
    expect((await drivenWindows(said, inputs)).shown).to.deep.equal(['b@0-10 = x at 1'])
  })

  it('should have the headers of the last update', async () => {
    const driver = await testDriver(counted(tumbling(10)))
    for (const timestamp of [3, 2, 10]) {
      await driver.pipe('in', {
        key: 'a',
        value: 'x',
        timestamp,
        headers: [['h', Buffer.from(`${timestamp}`)]],
      })
    }
    expect(driver.read('out').map(({ headers }) => String(headers[0]?.[1]))).to.deep.equal(['2'])
    await driver.close()
  })

  it('should stop the worker when more waits than may', async () => {
    const said = windowed<string>((input) =>
      input.pipe(
        window('windows', tumbling(10)),
        count('counts'),
        suppress('final', untilWindowCloses({ maxRecords: 1 })),
      ),
    )
    const inputs: Short[] = [...at(1), ['b', 'x', 1]]
    expect((await rejectionOf(drivenWindows(said, inputs))).message).to.equal(
      'step "final" would have to hold back 2 keys, more than maxRecords: 1 allows: raise the limit, or shorten the windows or their grace',
    )
    expect((await drivenWindows(said, at(1, 10, 20))).shown).to.have.length(2)
  })

  it('should count the bytes of windows and sessions as Kafka Streams does', async () => {
    const said = (windows: Windows, maxBytes: number) =>
      windowed<string>((input) =>
        input.pipe(
          window('windows', windows),
          reduce('all', (all, value) => all + value, { value: stringKey }),
          suppress('final', untilWindowCloses({ maxBytes })),
        ),
      )
    const bytesOf = async (windows: Windows, inputs: readonly Short[]) => {
      const { message } = await rejectionOf(drivenWindows(said(windows, 1), inputs))
      return Number(/hold back (\d+) bytes/.exec(message)?.[1])
    }
    expect(await bytesOf(tumbling(10), at(1))).to.equal(40)
    expect(await bytesOf(session(10), at(1))).to.equal(48)
    const inputs: Short[] = ['1', '2', '3'].map((value) => ['a', value, 1])
    expect((await drivenWindows(said(tumbling(10), 44), inputs)).shown).to.deep.equal([])
    expect(await rejectionOf(drivenWindows(said(tumbling(10), 43), inputs))).to.be.instanceOf(Error)
  })

  it('should go on after a crash with what waited', async () => {
    const driver = await testDriver(counted(tumbling(10)), { stores: { dir: folder() } })
    for (const [key, value, timestamp] of at(1, 2))
      await driver.pipe('in', { key, value, timestamp } as never)
    await driver.crash()
    expect(shownSince(driver)).to.deep.equal([])
    await driver.pipe('in', { key: 'b', value: 'x', timestamp: 10 })
    expect(shownSince(driver)).to.deep.equal(['a@0-10 = 2 at 2'])
    await driver.crash()
    await driver.pipe('in', { key: 'b', value: 'x', timestamp: 20 })
    expect(shownSince(driver)).to.deep.equal(['b@10-20 = 1 at 10'])
    await driver.close()
  })

  it('should refuse what has no windows', () => {
    const said = () =>
      topology('spec', ({ table }) => {
        const rows = table('rows', topic('in', { key: windowedKey(), value: json<number>() }))
        rows.pipe(
          suppress('final', untilWindowCloses()),
          sink('out', topic('out', { key: windowedKey(), value: json<number>() })),
        )
      })
    expect(failureOf(said).message).to.equal(
      'step "final" waits for windows to close, but "rows" has none: use untilTimeLimit(…)',
    )
  })
})

describe('a table that has been suppressed', () => {
  const inputs = [
    ['in', 'a', '1', 10],
    ['s', 'a', 'q', 10],
    ['in', 'b', 'x', 60],
    ['s', 'a', 'q', 60],
    ['in', 'a', '2', 70],
    ['s', 'a', 'q', 70],
    ['in', 'a', '3', 80],
    ['s', 'a', 'q', 80],
    ['in', 'b', 'y', 200],
    ['s', 'a', 'q', 200],
  ] as const

  async function pipe(driver: TestDriver) {
    for (const [name, key, value, timestamp] of inputs) await driver.pipe(name, { key, value, timestamp })
  }

  // As Kafka Streams 4.3.1 answers.
  it('should be joined as it has been shown, not as it will be', async () => {
    const said = topology('spec', ({ source, table }) => {
      const held = table('rows', topic('in', { value: stringKey })).pipe(suppress('held', untilTimeLimit(40)))
      const stream = source('stream', topic('s', { value: stringKey }))
      stream.pipe(
        leftJoinTable('left', held, (value, row) => `${value}${row}`),
        sink('left-out', topic('left', { value: stringKey })),
      )
      stream.pipe(
        joinTable('inner', held, (value, row) => `${value}${row}`),
        sink('inner-out', topic('inner', { value: stringKey })),
      )
    })
    const driver = await testDriver(said)
    await pipe(driver)
    expect(driver.read('left').map(({ value }) => value)).to.deep.equal(['qnull', 'q1', 'q1', 'q1', 'q3'])
    expect(driver.read('inner').map(({ value }) => value)).to.deep.equal(['q1', 'q1', 'q1', 'q3'])
    await driver.close()
  })

  it('should be a stream of what is shown', async () => {
    const said = topology('spec', ({ table }) => {
      table('rows', topic('in', { value: stringKey })).pipe(
        suppress('held', untilTimeLimit(30)),
        toStream('updates'),
        map('shout', (row) => `${row}!`),
        sink('out', topic('out', { value: stringKey })),
      )
    })
    expect(
      await shown(said, [
        ['a', '1', 10],
        ['b', '2', 40],
      ]),
    ).to.deep.equal(['a=1!@10'])
  })
})
