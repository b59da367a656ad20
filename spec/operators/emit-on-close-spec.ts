import { expect } from 'chai'
import fc from 'fast-check'
import { count, hopping, keyBy, sliding, tumbling, type WindowOptions, window } from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { startsFor } from '../../lib/windows/time-windows.ts'
import type { Windows } from '../../lib/windows/windows.ts'
import { stateFolders } from '../state/state-folder.ts'
import type { Short } from '../support/driven.ts'
import { drivenWindows, shownSince, windowed } from '../support/driven-windows.ts'

const folder = stateFolders()

const counted = (windows: Windows, options: WindowOptions = {}) =>
  windowed<string>((input) =>
    input.pipe(window('windows', windows, { emit: 'close', ...options }), count('counts')),
  )

const at = (...times: readonly number[]): Short[] => times.map((time) => ['a', 'x', time])

describe('windows that are emitted when they close', () => {
  it('should come once, with all that was in time', async () => {
    const { shown } = await drivenWindows(counted(tumbling(10, { grace: 5 })), at(5, 14, 9, 14, 15))
    expect(shown).to.deep.equal(['a@0-10 = 2 at 9'])
  })

  it('should still be there when they are exactly as old as the retention, as in Kafka Streams, and lost behind it', async () => {
    const tight = (windows: Windows, retention: number) => counted(windows, { retention })
    const tens = tumbling(10, { grace: 10 })
    const shownAt = async (windows: Windows, ...times: number[]) =>
      (await drivenWindows(tight(windows, 20), at(...times))).shown
    expect(await shownAt(tens, 60, 80)).to.deep.equal(['a@60-70 = 1 at 60'])
    expect(await shownAt(tens, 60, 90)).to.deep.equal([])
    expect(await shownAt(sliding(10), 100, 120)).to.deep.equal(['a@90-100 = 1 at 100'])
    expect(await shownAt(sliding(10), 100, 121)).to.deep.equal([])
  })

  it('should come by start, then key, with the headers of the record that closed them', async () => {
    const driver = await testDriver(counted(hopping(10, 5)))
    for (const [key, timestamp] of [
      ['b', 3],
      ['a', 7],
      ['a', 2],
      ['c', 8],
    ] as const) {
      await driver.pipe('in', { key, value: 'x', timestamp, headers: [['h', Buffer.from('own')]] })
    }
    await driver.pipe('in', { key: 'z', value: 'x', timestamp: 40, headers: [['h', Buffer.from('closing')]] })
    const read = driver.read('out')
    expect(read.map(({ headers }) => String(headers[0]?.[1]))).to.deep.equal(Array(5).fill('closing'))
    await driver.pipe('in', { key: 'z', value: 'x', timestamp: 40 })
    expect(read.map(({ key, value, timestamp }) => [key, value, timestamp])).to.deep.equal([
      [{ key: 'a', start: 0, end: 10 }, 2, 7],
      [{ key: 'b', start: 0, end: 10 }, 1, 3],
      [{ key: 'c', start: 0, end: 10 }, 1, 8],
      [{ key: 'a', start: 5, end: 15 }, 1, 7],
      [{ key: 'c', start: 5, end: 15 }, 1, 8],
    ])
    expect(driver.read('out')).to.deep.equal([])
    await driver.close()
  })

  it('should wait for the last millisecond of sliding windows, which is in them', async () => {
    const said = counted(sliding(10, { grace: 5 }))
    const closing = async (time: number) => (await drivenWindows(said, [...at(100), ['b', 'x', time]])).shown
    expect(await closing(105)).to.deep.equal([])
    expect(await closing(106)).to.deep.equal(['a@90-100 = 1 at 100'])
  })

  for (const [kind, windows] of [
    ['tumbling', tumbling(10)],
    ['sliding', sliding(10)],
  ] as const) {
    it(`should not be lost when time jumps, unless a retention was said (${kind})`, async () => {
      const inputs = at(105, 100_000)
      expect((await drivenWindows(counted(windows), inputs)).shown).to.have.length(1)
      const tight = { retention: kind === 'tumbling' ? 10 : 20 }
      expect((await drivenWindows(counted(windows, tight), inputs)).shown).to.deep.equal([])
      const long = { retention: 1_000_000 }
      expect((await drivenWindows(counted(windows, long), inputs)).shown).to.have.length(1)
    })
  }

  it('should come once though the process dies: how far they came is saved with them', async () => {
    const driver = await testDriver(counted(tumbling(10), { retention: 1000 }), { stores: { dir: folder() } })
    await driver.pipe('in', { key: 'a', value: 'x', timestamp: 5 })
    await driver.crash()
    await driver.pipe('in', { key: 'a', value: 'x', timestamp: 6 })
    await driver.pipe('in', { key: 'b', value: 'x', timestamp: 12 })
    expect(shownSince(driver)).to.deep.equal(['a@0-10 = 2 at 6'])
    await driver.crash()
    await driver.pipe('in', { key: 'b', value: 'x', timestamp: 13 })
    expect(shownSince(driver)).to.deep.equal([])
    await driver.pipe('in', { key: 'b', value: 'x', timestamp: 20 })
    expect(shownSince(driver)).to.deep.equal(['b@10-20 = 2 at 13'])
    await driver.close()
  })

  for (const [kind, windows] of [
    ['tumbling', tumbling(10)],
    ['hopping', hopping(20, 10)],
  ] as const) {
    it(`should come once and whole behind a repartition topic, however far one partition is ahead (${kind})`, async () => {
      const time = fc.integer({ min: 0, max: 3000 })
      const record = fc.record({ timestamp: time, key: fc.constantFrom('a', 'b', 'c') })
      const partition = fc.array(record, { maxLength: 30 }).map((records) => records.sort(byTime))
      await fc.assert(
        fc.asyncProperty(fc.tuple(partition, partition, partition), fc.nat(), async (inputs, seed) => {
          const said = windowed<string>((input) =>
            input.pipe(
              keyBy('by-value', (value) => value),
              window('windows', windows, { emit: 'close' }),
              count('counts'),
            ),
          )
          const driver = await testDriver(said, { partitions: 3, batch: 7, seed })
          const write = (partition: number, key: string, timestamp: number) =>
            driver.write('in', { key: 'k', value: key, timestamp, partition })
          for (const [partition, records] of inputs.entries()) {
            for (const { key, timestamp } of records) write(partition, key, timestamp)
          }
          // Windows close when a record comes: to every partition one, once time has come so far everywhere.
          for (const end of [9000, 9001]) {
            for (const [partition] of inputs.entries()) for (const key of ENDS) write(partition, key, end)
            await driver.work()
          }
          const expected = new Map<string, number>()
          for (const { key, timestamp } of inputs.flat()) {
            for (const start of startsFor(windows, timestamp)) {
              const name = `${key}@${start}-${start + windows.size}`
              expected.set(name, (expected.get(name) ?? 0) + 1)
            }
          }
          const shown = shownSince(driver).map((line) => line.replace(/ at .*/, ''))
          expect(shown.sort()).to.deep.equal([...expected].map(([name, n]) => `${name} = ${n}`).sort())
          await driver.close()
        }),
        { numRuns: 40 },
      )
    })
  }
})

/** In all of the partitions. */
const ENDS = Array.from({ length: 12 }, (_, index) => `end-${index}`)

const byTime = (a: { timestamp: number }, b: { timestamp: number }) => a.timestamp - b.timestamp
