import { expect } from 'chai'
import fc from 'fast-check'
import {
  closeOf,
  count,
  groupBy,
  groupReduce,
  hopping,
  json,
  keyBy,
  reduce,
  session,
  sink,
  sliding,
  topic,
  topology,
  toStream,
  tumbling,
  type WindowOptions,
  window,
} from '../../lib/index.ts'
import { type TestDriver, testDriver } from '../../lib/testing/index.ts'
import { startsFor } from '../../lib/windows/time-windows.ts'
import type { Windowed } from '../../lib/windows/windowed.ts'
import type { Windows } from '../../lib/windows/windows.ts'
import { stateFolders } from '../state/state-folder.ts'
import { windowed } from '../support/driven-windows.ts'

const folder = stateFolders()

const IDLE: WindowOptions = { emit: 'close', idleness: '2s' }

const counted = (windows: Windows, options = IDLE) =>
  windowed<string>((input) => input.pipe(window('windows', windows, options), count('counts')))

/** `key@start-end = value at time, reason revision`, since the last look. */
const shown = (driver: TestDriver) =>
  driver.read('out').map((record) => {
    const { key, start, end } = record.key as Windowed<string>
    const { closeReason, revision } = closeOf(record)
    return `${key}@${start}-${end} = ${JSON.stringify(record.value)} at ${record.timestamp}, ${closeReason} ${revision}`
  })

/** Each `['a', 5]` a record, each number so many milliseconds of the wall clock. */
async function play(driver: TestDriver, ...steps: ReadonlyArray<readonly [string, number] | number>) {
  for (const step of steps) {
    if (typeof step === 'number') await driver.advanceWallClock(step)
    else await driver.pipe('in', { key: step[0], value: step[0], timestamp: step[1] })
  }
  return shown(driver)
}

describe('windows that are emitted when the input is idle', () => {
  it('should come early, once, and again as they close if a record has come in between', async () => {
    const driver = await testDriver(counted(tumbling(10, { grace: 5 })))
    expect(await play(driver, ['a', 5], 1999)).to.deep.equal([])
    expect(await play(driver, 1)).to.deep.equal(['a@0-10 = 1 at 5, idle 1'])
    expect(await play(driver, 5000)).to.deep.equal([])
    expect(await play(driver, ['a', 7], 2000)).to.deep.equal(['a@0-10 = 2 at 7, idle 2'])
    expect(await play(driver, ['a', 6], ['b', 15])).to.deep.equal(['a@0-10 = 3 at 8, time 3'])
    expect(await play(driver, 2000)).to.deep.equal(['b@10-20 = 1 at 15, idle 1'])
    await driver.close()
  })

  it('should not come again when they close as they were shown', async () => {
    const driver = await testDriver(counted(tumbling(10)))
    expect(await play(driver, ['a', 5], 2000)).to.have.length(1)
    expect(await play(driver, ['b', 25], 2000)).to.deep.equal(['b@20-30 = 1 at 25, idle 1'])
    await driver.close()
  })

  it('should leave stream time where it is: what comes within grace is counted, behind it is late', async () => {
    const driver = await testDriver(counted(tumbling(10, { grace: 5 })))
    await play(driver, ['a', 14], 60_000)
    expect(await play(driver, ['a', 9], 2000)).to.deep.equal(['a@0-10 = 1 at 9, idle 1'])
    await play(driver, ['a', 15], ['a', 9])
    expect(driver.counters.get('counts', 'late')).to.equal(1)
    await driver.close()
  })

  it('should come for records that were written while others were idle for less', async () => {
    const driver = await testDriver(counted(tumbling(10, { grace: 5 })))
    await play(driver, ['a', 5], 1500, ['b', 6])
    expect(await play(driver, 1500)).to.deep.equal([])
    expect(await play(driver, 500)).to.deep.equal(['a@0-10 = 1 at 5, idle 1', 'b@0-10 = 1 at 6, idle 1'])
    await driver.close()
  })

  it('should say of all results why and how often they were shown; and nothing where no idleness is said', async () => {
    const said = await testDriver(counted(tumbling(10)))
    expect(await play(said, ['a', 5], ['a', 12])).to.deep.equal(['a@0-10 = 1 at 5, time 1'])
    const unsaid = await testDriver(counted(tumbling(10), { emit: 'close' }))
    await play(unsaid, ['a', 5])
    await unsaid.pipe('in', { key: 'a', value: 'x', timestamp: 12 })
    await unsaid.advanceWallClock(60_000)
    await unsaid.pipe('in', { key: 'a', value: 'x', timestamp: 22 })
    expect(unsaid.read('out').map(({ headers }) => headers)).to.deep.equal([[], []])
  })

  it('should take back what is deleted after it was shown, and number on when it comes again', async () => {
    const driver = await testDriver(
      windowed<string>((input) =>
        input.pipe(
          window('windows', tumbling(10, { grace: 90 }), IDLE),
          reduce('letters', (all, letter) => (all === letter ? null : all + letter)),
        ),
      ),
    )
    expect(await play(driver, ['a', 5], 2000)).to.deep.equal(['a@0-10 = "a" at 5, idle 1'])
    expect(await play(driver, ['a', 6], 2000)).to.deep.equal(['a@0-10 = null at 6, idle 2'])
    expect(await play(driver, ['a', 7], 2000)).to.deep.equal(['a@0-10 = "a" at 7, idle 3'])
    await driver.close()
  })

  it('should come of sliding windows and of sessions, which are taken back when they grow', async () => {
    const slid = await testDriver(counted(sliding(10, { grace: 5 })))
    expect(await play(slid, ['a', 100], 2000)).to.deep.equal(['a@90-100 = 1 at 100, idle 1'])
    expect(await play(slid, ['a', 104], 2000)).to.deep.equal([
      'a@94-104 = 2 at 104, idle 1',
      'a@101-111 = 1 at 104, idle 1',
    ])
    const visits = await testDriver(counted(session(10, { grace: 5 })))
    expect(await play(visits, ['a', 100], ['b', 100], 2000)).to.deep.equal([
      'a@100-100 = 1 at 100, idle 1',
      'b@100-100 = 1 at 100, idle 1',
    ])
    expect(await play(visits, ['a', 104], 2000)).to.deep.equal([
      'a@100-104 = 2 at 104, idle 1',
      'a@100-100 = null at 101, idle 2',
    ])
    expect(await play(visits, ['a', 106], ['c', 200])).to.deep.equal([
      'a@100-106 = 3 at 106, time 1',
      'a@100-104 = null at 105, time 2',
    ])
    await slid.close()
    await visits.close()
  })

  it('should come once and be corrected though the process dies in between', async () => {
    const driver = await testDriver(counted(tumbling(10, { grace: 5 })), { stores: { dir: folder() } })
    expect(await play(driver, ['a', 5], 2000)).to.deep.equal(['a@0-10 = 1 at 5, idle 1'])
    await driver.crash()
    expect(await play(driver, 5000)).to.deep.equal([])
    await play(driver, ['a', 4])
    await driver.crash()
    expect(await play(driver, 2000)).to.deep.equal(['a@0-10 = 2 at 6, idle 2'])
    await driver.crash()
    expect(await play(driver, ['b', 30])).to.deep.equal([])
    expect([...(driver.store('counts-early') as { all(): Iterable<unknown> }).all()]).to.deep.equal([])
    await driver.close()
  })

  it('should give tables behind them what was shown before: nothing is added twice', async () => {
    const said = topology('spec', ({ source }) => {
      source('input', topic('in', { value: json<string>() })).pipe(
        window('windows', tumbling(10, { grace: 5 }), IDLE),
        count('counts'),
        groupBy('by-window', (n, key) => [String(key.start), n]),
        groupReduce(
          'sum',
          (sum, n) => sum + n,
          (sum, n) => sum - n,
        ),
        sink('out', topic('out', { value: json<number>() })),
      )
    })
    const driver = await testDriver(said)
    const last = () =>
      driver
        .read('out')
        .map(({ key, value }) => [key, value])
        .at(-1)
    await driver.pipe('in', { key: 'a', value: 'x', timestamp: 5 })
    await driver.pipe('in', { key: 'b', value: 'x', timestamp: 5 })
    await driver.advanceWallClock(5000)
    expect(last()).to.deep.equal(['0', 2])
    await driver.pipe('in', { key: 'a', value: 'x', timestamp: 5 })
    await driver.advanceWallClock(5000)
    expect(last()).to.deep.equal(['0', 3])
    await driver.close()
  })

  it('should come of each sub-topology in its turn: what one shows early, the next one counts', async () => {
    const said = windowed<string>((input) =>
      input.pipe(
        window('windows', tumbling(10, { grace: 5 }), IDLE),
        count('counts'),
        toStream('stream'),
        keyBy('by-start', (_, { key }) => String(key.start)),
        window('again', tumbling(100), IDLE),
        count('results'),
      ),
    )
    for (const partitions of [1, 3]) {
      const driver = await testDriver(said, { partitions })
      await play(driver, ['a', 5], ['b', 6], ['c', 7])
      expect(await play(driver, 2000, 2000, 2000)).to.deep.equal(['0@0-100 = 3 at 7, idle 1'])
      // Idle again, and known to be so, by those behind the topic that it has written to meanwhile.
      await play(driver, ['d', 8])
      expect(await play(driver, 2000, 2000, 2000)).to.deep.equal(['0@0-100 = 4 at 8, idle 2'])
      await driver.close()
    }
  })

  it('should be refused of windows that are shown with every update', () => {
    expect(() => counted(tumbling(10), { idleness: '1s' })).to.throw(/"windows" shows every update: idleness/)
  })

  for (const [kind, windows] of [
    ['tumbling', tumbling(10, { grace: 20 })],
    ['hopping', hopping(20, 10, { grace: 15 })],
  ] as const) {
    it(`should end with what was in time, however often the input is idle and tasks die (${kind})`, async () => {
      const record = fc.record({
        key: fc.constantFrom('a', 'b', 'c'),
        timestamp: fc.integer({ min: 0, max: 300 }),
        partition: fc.integer({ min: 0, max: 2 }),
        idle: fc.boolean(),
        crash: fc.boolean(),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(record, { maxLength: 30 }), fc.nat(), async (records, seed) => {
          const said = windowed<string>((input) =>
            input.pipe(
              keyBy('by-value', (value) => value),
              window('windows', windows, IDLE),
              count('counts'),
            ),
          )
          const driver = await testDriver(said, { partitions: 3, seed, batch: 5, stores: { dir: folder() } })
          for (const { key, timestamp, partition, idle, crash } of records) {
            await driver.pipe('in', { key: 'k', value: key, timestamp, partition })
            if (idle) await driver.advanceWallClock(3000)
            if (crash) await driver.crash()
          }
          await driver.advanceWallClock(3000)
          const last = new Map<string, { n: number; revision: number; timestamp: number }>()
          for (const result of driver.read('out')) {
            const { key, start } = result.key as Windowed<string>
            const { timestamp } = result
            const { revision } = closeOf(result)
            const before = last.get(`${key}@${start}`)
            expect(revision).to.equal((before?.revision ?? 0) + 1)
            expect(timestamp).to.be.above(before?.timestamp ?? -1)
            last.set(`${key}@${start}`, { n: result.value as number, revision, timestamp })
          }
          const late = driver.counters.get('counts', 'late')
          const assigned = records.flatMap(({ timestamp }) => startsFor(windows, timestamp)).length
          const total = [...last.values()].reduce((sum, { n }) => sum + n, 0)
          expect(total + late).to.equal(assigned)
          await driver.close()
        }),
        { numRuns: 10 },
      )
    })
  }
})
